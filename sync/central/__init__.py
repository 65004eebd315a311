"""The center: verifies what devices signed, keeps the ledger, settles with shops, and hands out allowances.

From the door inward; a row uses only rows below it, and the import contract `rooms-of-the-center` holds that.

    command                               the command line
    web, control                          the doors of `serve`: HTTP for devices, a socket for people's orders
    orders                                what people may order, by name
    exchange, enrollment                  what devices ask; the signatures of a batch are looked at in `checking`
    audit, cards, report, page            what people look at
    center, workers                       all that is open in one process
    booking                               an entry is judged, stored, and moves money
    closings                              a Z against its entries
    dossier, verification, evidence       what is known of an entry, and the numbered list that judges it (pure)
    briefing                              what a device must be told
    allowances, allotments, settlement    credit that is due, reserved for a device, paid to a shop
    codes, people, scheme, policy_file    households and shops, the rules
    mailbox, ledger, keys, store          signed logs, money, keys, the database
    config, dates, clock, result, errors
"""
