package sqlitefile

import (
	"context"
	"database/sql"
)

// Write runs do in a write transaction, in its turn. An error from do rolls it back; any other leaves open whether it was written.
func Write(ctx context.Context, db *sql.DB, do func(tx *sql.Tx) error) error {
	file := FileOf(db)
	if err := file.Enter(ctx); err != nil {
		return err
	}
	defer file.Leave()
	if err := file.Check(); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return Classify(err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return Classify(err)
	}
	if err := tx.Commit(); err != nil {
		return Classify(err)
	}
	return file.CheckWritten()
}
