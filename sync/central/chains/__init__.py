"""What devices signed: each entry finds its place in its chain, its verdict, and its way into the books."""
