-- The center's store, version 2. Amounts are integer rial, times Unix seconds, hashes and signed messages blobs.
-- What devices signed stands in entry, stray and fork_proof and is never changed or deleted, save an entry's verdict.

CREATE TABLE center (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    schema INTEGER NOT NULL,
    epoch INTEGER NOT NULL,           -- a restored center opens a new one
    statement INTEGER NOT NULL        -- rises with every answer
);

CREATE TABLE shop (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    label_template TEXT
);

CREATE TABLE household (
    number INTEGER PRIMARY KEY,
    national_id TEXT NOT NULL UNIQUE,
    members INTEGER NOT NULL CHECK (members > 0),
    decile INTEGER NOT NULL CHECK (decile BETWEEN 1 AND 10),
    supported INTEGER NOT NULL,
    shop INTEGER NOT NULL REFERENCES shop,
    phone TEXT NOT NULL
);
CREATE INDEX household_by_shop ON household (shop);

CREATE TABLE card (
    number INTEGER PRIMARY KEY,
    household INTEGER NOT NULL REFERENCES household,
    secret BLOB,                      -- until the cards are drawn and forgotten
    pin TEXT,                         -- until the PINs are mailed and forgotten
    household_key BLOB NOT NULL,
    until_s INTEGER NOT NULL,
    revoked_at_s INTEGER
);
CREATE INDEX card_by_household ON card (household);

CREATE TABLE policy (
    version INTEGER PRIMARY KEY,
    phase TEXT NOT NULL,
    valid_from_s INTEGER NOT NULL,
    loaded_at_s INTEGER NOT NULL,
    restores INTEGER,                 -- the older version that a rollback brought back as this one
    rolled_back INTEGER NOT NULL DEFAULT 0,
    message BLOB NOT NULL
);

CREATE TABLE catalog (
    version INTEGER PRIMARY KEY,
    loaded_at_s INTEGER NOT NULL,
    message BLOB NOT NULL
);

-- What opens a tranche that is credited but not announced.
CREATE TABLE release (
    tranche INTEGER NOT NULL,
    cohort INTEGER NOT NULL,
    code TEXT NOT NULL,
    salt BLOB NOT NULL,
    root BLOB NOT NULL,
    announced_at_s INTEGER,
    PRIMARY KEY (tranche, cohort)
) WITHOUT ROWID;

CREATE TABLE device (
    number INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL REFERENCES shop,
    public BLOB NOT NULL,
    key_id BLOB NOT NULL UNIQUE,
    exchange_public BLOB NOT NULL,
    credential BLOB NOT NULL,
    credential_hash BLOB NOT NULL,
    slim BLOB NOT NULL,
    enrolled_at_s INTEGER NOT NULL,
    operator_salt BLOB NOT NULL,
    operator_hash BLOB NOT NULL,
    held INTEGER NOT NULL DEFAULT 0,             -- next sequence expected
    head BLOB NOT NULL,                          -- hash before it
    applied_mail INTEGER NOT NULL DEFAULT 0,     -- last mail number that its chain applied
    mail_last INTEGER NOT NULL DEFAULT 0,
    mail_head BLOB NOT NULL,
    shop_mailed BLOB,                            -- last shop body sent
    told INTEGER NOT NULL DEFAULT 0,             -- verdicts were mailed for entries before this
    acknowledged INTEGER NOT NULL DEFAULT 0,     -- entries before this were held at the last answer
    heard_at_s INTEGER NOT NULL,                 -- last answer
    last_z INTEGER NOT NULL DEFAULT -1,          -- sequence of the last Z closing
    outage INTEGER NOT NULL DEFAULT 0,           -- its chain says that the center does not answer
    until_s INTEGER NOT NULL,                    -- end of its newest credential
    renewed BLOB,                                -- that credential, where it is not the first; the chains begin with the first
    returned_epoch INTEGER NOT NULL DEFAULT 0,   -- in which its mail was last found to be the same here and there
    mail_agreed INTEGER NOT NULL DEFAULT 0,      -- last item that it returned to a restored store
    warned_epoch INTEGER NOT NULL DEFAULT 0,     -- in which it said that more had been promised than is held
    wanted_first INTEGER,                        -- entries whose own signatures people want to see
    wanted_last INTEGER,
    suspended_from INTEGER,                      -- first sequence that is held back
    replaced_at_s INTEGER,                       -- that is why: what it had printed before then is still good on paper
    suspended_why TEXT
);

CREATE TABLE ticket (
    token TEXT PRIMARY KEY,
    shop INTEGER NOT NULL REFERENCES shop,
    expires_s INTEGER NOT NULL,
    operator_salt BLOB NOT NULL,
    operator_hash BLOB NOT NULL,
    device INTEGER REFERENCES device,
    replaces INTEGER REFERENCES device           -- whose place the new device takes
) WITHOUT ROWID;

-- A number that a technician may give to a device without network; its row in `device` is a blank until he is heard of.
CREATE TABLE mandate (
    device INTEGER PRIMARY KEY REFERENCES device,
    hash BLOB NOT NULL,               -- with which the number's mail begins
    message BLOB NOT NULL,
    introduction BLOB,                -- the first that came
    introduced_at_s INTEGER
);

-- Another credential for a number that has one: with `mandate.introduction` it proves a fork.
CREATE TABLE second_introduction (
    device INTEGER NOT NULL REFERENCES device,
    credential_hash BLOB NOT NULL,
    introduction BLOB NOT NULL,
    arrived_s INTEGER NOT NULL,
    PRIMARY KEY (device, credential_hash)
) WITHOUT ROWID;

CREATE TABLE mail (
    device INTEGER NOT NULL REFERENCES device,
    number INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    document INTEGER,                 -- version of the policy or catalog, tranche of the announcement
    issued_s INTEGER NOT NULL,
    hash BLOB NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (device, number)
);

CREATE TABLE revoked_card (
    device INTEGER NOT NULL,
    card INTEGER NOT NULL,
    mail INTEGER NOT NULL,
    PRIMARY KEY (device, card)
) WITHOUT ROWID;

CREATE TABLE allotment (
    household INTEGER NOT NULL REFERENCES household,
    tranche INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    amount_rial INTEGER NOT NULL CHECK (amount_rial > 0),
    PRIMARY KEY (household, tranche)
) WITHOUT ROWID;

CREATE TABLE allowance (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    device INTEGER NOT NULL REFERENCES device,
    household INTEGER NOT NULL REFERENCES household,
    tranche INTEGER NOT NULL,
    cohort INTEGER NOT NULL,
    amount_rial INTEGER NOT NULL CHECK (amount_rial > 0),
    left_rial INTEGER NOT NULL CHECK (left_rial >= 0),
    opens_at_s INTEGER,
    authorize_until_s INTEGER NOT NULL,
    present_by_s INTEGER NOT NULL,
    second_deadline_s INTEGER NOT NULL,
    recalled_at_s INTEGER,
    closed_at_s INTEGER               -- given back, or fallen back: then left_rial is what late entries may claim
);
CREATE INDEX allowance_by_household ON allowance (household, tranche);
CREATE INDEX allowance_open ON allowance (present_by_s) WHERE closed_at_s IS NULL;

-- What a device was last told of a household.
CREATE TABLE told_household (
    device INTEGER NOT NULL,
    household INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (device, household)
) WITHOUT ROWID;

-- One-time codes, each good once, at one device.
CREATE TABLE code (
    household INTEGER NOT NULL,
    device INTEGER NOT NULL,
    number INTEGER NOT NULL,
    digits TEXT NOT NULL,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    given_at_s INTEGER,
    used_by INTEGER,                  -- sequence of the purchase
    PRIMARY KEY (household, device, number)
) WITHOUT ROWID;

CREATE TABLE entry (
    device INTEGER NOT NULL REFERENCES device,
    sequence INTEGER NOT NULL,
    kind INTEGER,                     -- null for a hole
    hash BLOB NOT NULL,
    payload BLOB,
    lines BLOB,
    private BLOB,
    signature BLOB,
    arrived_s INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;
CREATE INDEX entry_refused ON entry (device, sequence) WHERE verdict <> 0;

-- Signed bytes that found no place in a chain: proofs of forks, entries whose signature does not hold.
CREATE TABLE stray (
    number INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    entry BLOB NOT NULL,
    arrived_s INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (device, sequence, hash, verdict)
);

-- Projection of the purchases, for limits and reversals.
CREATE TABLE purchase (
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    household INTEGER,
    credit_rial INTEGER NOT NULL,
    own_rial INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    voided INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;

CREATE TABLE reversal (
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    purchase INTEGER NOT NULL,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;
CREATE INDEX reversal_by_purchase ON reversal (device, purchase);

-- A locked tranche that the chain has opened for a cohort, from this sequence on.
CREATE TABLE opening (
    device INTEGER NOT NULL,
    tranche INTEGER NOT NULL,
    cohort INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (device, tranche, cohort)
) WITHOUT ROWID;

CREATE TABLE observation (
    number INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    text TEXT NOT NULL
);

-- Double entry. The movements of one posting sum to zero; a balance is the sum of its movements.
CREATE TABLE account (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    owner INTEGER NOT NULL,
    tranche INTEGER NOT NULL,
    balance_rial INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, owner, tranche)
);
CREATE INDEX account_unreserved ON account (tranche) WHERE kind = 'free' AND balance_rial > 0;
CREATE TABLE posting (
    number INTEGER PRIMARY KEY,
    at_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    device INTEGER,
    sequence INTEGER,
    settlement INTEGER
);
CREATE INDEX posting_unsettled ON posting (device, at_s) WHERE device IS NOT NULL AND settlement IS NULL;
CREATE TABLE movement (
    posting INTEGER NOT NULL REFERENCES posting,
    account INTEGER NOT NULL REFERENCES account,
    amount_rial INTEGER NOT NULL
);
CREATE INDEX movement_by_posting ON movement (posting);

CREATE TABLE settlement (
    number INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    device INTEGER NOT NULL,
    day_s INTEGER NOT NULL,
    purchases INTEGER NOT NULL,
    amount_rial INTEGER NOT NULL,
    last INTEGER NOT NULL,
    made_at_s INTEGER NOT NULL,
    pay_by_s INTEGER NOT NULL
);

-- A store that was restored from a backup: reserves nothing until so many devices have returned their mail.
CREATE TABLE restoration (
    epoch INTEGER PRIMARY KEY,
    opened_at_s INTEGER NOT NULL,
    devices INTEGER NOT NULL,
    why TEXT NOT NULL
);

-- What returned mail proves of entries and settlements that this store has forgotten.
CREATE TABLE told_before (
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    told_s INTEGER NOT NULL,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;
CREATE TABLE returned_settlement (number INTEGER PRIMARY KEY REFERENCES settlement);

-- Entries that came lean: the head's signature binds them, their own is still to come. A failed one is an observation.
CREATE TABLE unsigned (
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;
CREATE INDEX unsigned_open ON unsigned (device, sequence) WHERE NOT failed;

-- Receipts that were scanned because their entries never came. What is booked here is not booked again when they do.
CREATE TABLE paper (
    device INTEGER NOT NULL REFERENCES device,
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    hash BLOB NOT NULL,
    entry BLOB NOT NULL,              -- as far as it stands on paper
    arrived_s INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    reason TEXT NOT NULL,
    booked INTEGER NOT NULL,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;

INSERT INTO center VALUES (1, 2, 1, 0);
