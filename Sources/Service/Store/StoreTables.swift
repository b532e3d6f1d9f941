// The tables of the service's database, as the scripts that make them.

enum StoreTables {
    /// Each raises the version of the tables by one; a published one never changes.
    static let migrations = [
        """
        CREATE TABLE files (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,
            created INTEGER NOT NULL, filename TEXT NOT NULL, purpose TEXT NOT NULL, expires INTEGER, lines INTEGER,
            job TEXT);
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, generation TEXT NOT NULL,
            created INTEGER NOT NULL, updated INTEGER NOT NULL, started INTEGER, finished INTEGER, phase TEXT NOT NULL,
            place INTEGER NOT NULL, model TEXT NOT NULL, base TEXT NOT NULL, trainingFile TEXT NOT NULL,
            validationFile TEXT, suffix TEXT, seed INTEGER NOT NULL, asked TEXT NOT NULL, resolved TEXT, metadata TEXT,
            options TEXT NOT NULL, fineTunedModel TEXT, trainedTokens INTEGER, resultFile TEXT, errorCode TEXT,
            errorMessage TEXT, errorParam TEXT);
        CREATE INDEX jobsByPhase ON jobs (phase, place);
        CREATE TABLE labels (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (job, key)) WITHOUT ROWID;
        CREATE TABLE events (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, kind TEXT NOT NULL, place INTEGER NOT NULL,
            created INTEGER NOT NULL, level TEXT NOT NULL, type TEXT NOT NULL, message TEXT NOT NULL, data TEXT,
            UNIQUE (job, kind, place));
        CREATE INDEX eventsByJob ON events (job, number);
        CREATE TABLE checkpoints (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, created INTEGER NOT NULL, step INTEGER NOT NULL,
            model TEXT NOT NULL, metrics TEXT NOT NULL, UNIQUE (job, step));
        CREATE TABLE models (
            number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,
            job TEXT NOT NULL, step INTEGER NOT NULL, isCheckpoint INTEGER NOT NULL, path TEXT NOT NULL,
            base TEXT NOT NULL);
        """
    ]
}
