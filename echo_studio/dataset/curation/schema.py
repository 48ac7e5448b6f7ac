"""The tables of a set's curation."""

from echo_studio.data.database import Schema

TABLES = (
    # Every sample of the manifest, made or not; `made` says which are on the disk.
    """CREATE TABLE sample (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        made INTEGER NOT NULL,
        base TEXT NOT NULL,
        map TEXT NOT NULL,
        generator TEXT NOT NULL,
        solver TEXT NOT NULL,
        nfe INTEGER,
        view TEXT NOT NULL,
        phase TEXT NOT NULL,
        defect TEXT NOT NULL,
        ef REAL,
        measured INTEGER NOT NULL DEFAULT 0,
        adherence REAL,
        lv_endo REAL,
        lv_epi REAL,
        la REAL,
        privacy REAL,
        flagged INTEGER,
        verdict TEXT NOT NULL DEFAULT '' CHECK (verdict IN ('', 'keep', 'reject')),
        reason TEXT NOT NULL DEFAULT '',
        reviewer TEXT NOT NULL DEFAULT '',
        at TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    # The sort orders that people ask for first, and the counts that every look asks for.
    "CREATE INDEX by_adherence ON sample (made, adherence)",
    "CREATE INDEX by_privacy ON sample (made, privacy)",
    "CREATE INDEX by_verdict ON sample (made, verdict)",
    "CREATE TABLE tag (name TEXT NOT NULL, sample INTEGER NOT NULL, PRIMARY KEY (name, sample)) STRICT, WITHOUT ROWID",
    "CREATE INDEX tag_of ON tag (sample)",
    # What was decided, newest last; an entry goes when it is undone.
    """CREATE TABLE entry (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        reviewer TEXT NOT NULL,
        act TEXT NOT NULL CHECK (act IN ('decide', 'tag', 'untag')),
        what TEXT NOT NULL,
        samples INTEGER NOT NULL
    ) STRICT""",
    # What each sample of an entry was before; of tags the sample alone says it.
    """CREATE TABLE change (
        entry INTEGER NOT NULL REFERENCES entry (number) ON DELETE CASCADE,
        sample INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT NOT NULL,
        reviewer TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (entry, sample)
    ) STRICT, WITHOUT ROWID""",
    # How far the set's index was read.
    "CREATE TABLE source (one INTEGER PRIMARY KEY CHECK (one = 1), offset INTEGER NOT NULL) STRICT",
    "INSERT INTO source VALUES (1, 0)",
)

SCHEMA = Schema("decisions on a set", int.from_bytes(b"EcCu", "big"), (TABLES,), "remove the file, and decide again")
