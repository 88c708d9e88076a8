package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"slices"
)

// most limits how many steps share a transaction.
const most = 64

// Write runs do in a write transaction, in its turn. An error from do rolls it back; after any other error it may or
// may not have been written. A context that ends while the step waits withdraws it; once started, it is finished.
func (w *Writer) Write(ctx context.Context, do func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &Tx{writer: w}
	s := &step{ctx: ctx, do: func() error { return do(tx) }, tx: tx, done: make(chan error, 1)}
	err := Classify(w.file.wait(s, w.db))
	w.wanted.Range(func(text, _ any) bool {
		_, _ = w.Prepared(context.WithoutCancel(ctx), text.(string)) //nolint:sqlclosecheck // it stays open for the next one
		w.wanted.Delete(text)
		return true
	})
	return err
}

// Prepared returns the prepared statement of a text, prepared once and closed with the database.
func (w *Writer) Prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if statement, found := w.statements.Load(text); found {
		return statement.(*sql.Stmt), nil
	}
	statement, err := w.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, Classify(err)
	}
	kept, found := w.statements.LoadOrStore(text, statement)
	if found {
		_ = statement.Close() //nolint:sqlclosecheck // the one that was faster stays open
	}
	return kept.(*sql.Stmt), nil
}

// wait queues a step, and waits until it is done: by another caller, or by this one for everybody.
func (f *File) wait(s *step, db *sql.DB) error {
	f.mu.Lock()
	f.line = append(f.line, s)
	f.mu.Unlock()
	select {
	case err := <-s.done:
		return err
	case <-s.ctx.Done():
		if f.withdraw(s) {
			return s.ctx.Err()
		}
		return <-s.done
	case f.turn <- struct{}{}:
	}
	defer func() { <-f.turn }()
	for {
		select {
		case err := <-s.done:
			return err
		default:
		}
		if err := f.carryOut(s.ctx, db); err != nil && f.withdraw(s) {
			return err
		}
	}
}

// withdraw removes a step from the queue, and reports whether it was still there.
func (f *File) withdraw(s *step) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.line, s)
	if i < 0 {
		return false
	}
	f.line = slices.Delete(f.line, i, i+1)
	return true
}

// next removes the first steps from the queue.
func (f *File) next() []*step {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(len(f.line), most)
	batch := slices.Clone(f.line[:n])
	f.line = slices.Delete(f.line, 0, n)
	return batch
}

// carryOut executes the next steps in one transaction. An error means that none was started.
//
// A savepoint costs about a fifth of a step, and steps rarely fail. So there are none until one fails; then all steps
// are rolled back and repeated with savepoints, as are later ones until none fails.
func (f *File) carryOut(ctx context.Context, db *sql.DB) error {
	tx, end, err := f.begin(ctx, db)
	if err != nil {
		return err
	}
	defer func() { end() }()
	batch := f.next()
	outcomes := make([]error, len(batch))
	if len(batch) > 1 && !f.careful && !atOnce(tx, batch, outcomes) {
		_ = tx.Rollback()
		end()
		if tx, end, err = f.begin(context.WithoutCancel(ctx), db); err != nil {
			end = func() {}
			for _, s := range batch {
				s.done <- err
			}
			return nil
		}
		f.careful = true
	}
	switch {
	case len(batch) == 1:
		atOnce(tx, batch, outcomes)
	case f.careful:
		if failed, whole := parts(tx, batch, outcomes); !whole {
			_ = tx.Rollback()
			f.apart(db, batch, outcomes, failed)
			return nil
		}
		f.careful = slices.ContainsFunc(outcomes, func(err error) bool { return err != nil })
	}
	f.commit(tx, batch, outcomes)
	return nil
}

// atOnce executes the steps without savepoints, and reports whether none failed.
func atOnce(tx *transaction, batch []*step, outcomes []error) bool {
	for i, s := range batch {
		if outcomes[i] = s.ctx.Err(); outcomes[i] != nil {
			continue // it was not started
		}
		s.tx.tx = tx
		if outcomes[i] = s.do(); outcomes[i] != nil {
			return false
		}
	}
	return true
}

// parts executes each step in a savepoint. It returns the step that could not be rolled back, if any.
func parts(tx *transaction, batch []*step, outcomes []error) (failed int, whole bool) {
	for i, s := range batch {
		if outcomes[i] = s.ctx.Err(); outcomes[i] != nil {
			continue
		}
		s.tx.tx = tx
		if outcomes[i], whole = s.part(); !whole {
			return i, false
		}
	}
	return 0, true
}

// part executes a step in a savepoint. The transaction is no longer whole if a failed step could not be rolled back:
// some failures, such as a full disk, roll back all of it.
func (s *step) part() (err error, whole bool) { //nolint:revive // the error is the outcome of the step
	if err := s.tx.command("SAVEPOINT step"); err != nil {
		return err, false
	}
	if err := s.do(); err != nil {
		return err, s.tx.command("ROLLBACK TO step") == nil && s.tx.command("RELEASE step") == nil
	}
	err = s.tx.command("RELEASE step")
	return err, err == nil
}

// apart executes each step in its own transaction, after one of them failed all.
func (f *File) apart(db *sql.DB, batch []*step, outcomes []error, failed int) {
	for i, s := range batch {
		if i == failed || i < failed && outcomes[i] != nil {
			s.done <- outcomes[i]
			continue
		}
		tx, end, err := f.begin(s.ctx, db)
		if err != nil {
			s.done <- err
			continue
		}
		s.tx.tx = tx
		f.commit(tx, []*step{s}, []error{s.do()})
		end()
	}
}

// begin starts a transaction. The end of the context stops the waiting for it, not the transaction.
func (f *File) begin(ctx context.Context, db *sql.DB) (tx *transaction, end func(), err error) {
	if err := f.Check(); err != nil {
		return nil, nil, err
	}
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	begun, err := db.BeginTx(lasting, nil)
	if err == nil && !stop() {
		err = errors.Join(ctx.Err(), begun.Rollback())
	}
	if err != nil {
		end()
		return nil, nil, Classify(err)
	}
	return &transaction{begun, map[string]*sql.Stmt{}}, end, nil
}

// commit ends a transaction, and tells the callers whose steps were in it.
func (f *File) commit(tx *transaction, batch []*step, outcomes []error) {
	var err error
	if slices.Contains(outcomes, nil) {
		if err = Classify(tx.Commit()); err == nil {
			f.tell()
			err = f.checkWritten()
		}
	} else {
		_ = tx.Rollback()
	}
	for i, s := range batch {
		if outcomes[i] == nil {
			outcomes[i] = err
		}
		s.done <- outcomes[i]
	}
}
