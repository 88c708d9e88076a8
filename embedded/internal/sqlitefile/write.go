package sqlitefile

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
	return Classify(w.file.wait(&step{ctx: ctx, do: do, done: make(chan error, 1)}, w.db))
}

// Prepared returns the prepared statement of a text for reading without a transaction, prepared once and closed with
// the database.
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
		_ = statement.Close() //nolint:sqlclosecheck // the one that came first stays open
	}
	return kept.(*sql.Stmt), nil
}

// wait queues a step, and waits until it is done: by another caller, or by this one, together with everybody else's.
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

// carryOut executes the next steps on a connection. An error means that none was started.
func (f *File) carryOut(ctx context.Context, db *sql.DB) error {
	if err := f.Check(); err != nil {
		return err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return Classify(err)
	}
	defer func() { _ = c.Close() }()
	return c.Raw(func(opened any) error {
		if own, ok := opened.(*conn); ok {
			return f.together(ctx, own, own.statements)
		}
		statements := statements{} // nobody else would close them with the connection
		defer func() { _ = statements.close() }()
		return f.together(ctx, opened.(driver.Conn), statements)
	})
}

// together executes the next steps in one transaction. An error means that none was started.
//
// A savepoint costs about a fifth of a step, and steps rarely fail. So there are none until one fails; then all steps
// are rolled back and repeated with savepoints, as are later ones until none fails.
func (f *File) together(ctx context.Context, on driver.Conn, statements statements) error {
	tx := &transaction{conn: on, statements: statements}
	if err := begin(ctx, tx); err != nil {
		return err
	}
	batch := f.next()
	outcomes := make([]error, len(batch))
	if len(batch) > 1 && !f.careful && !atOnce(tx, batch, outcomes) {
		tx.rollback()
		if err := begin(context.WithoutCancel(ctx), tx); err != nil {
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
			tx.rollback()
			f.apart(tx, batch, outcomes, failed)
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
			continue // it does not start
		}
		if outcomes[i] = s.do(&Tx{tx}); outcomes[i] != nil {
			return false
		}
	}
	return true
}

// parts executes each step in a savepoint. If a failed step cannot be rolled back, it returns which.
func parts(tx *transaction, batch []*step, outcomes []error) (failed int, whole bool) {
	for i, s := range batch {
		if outcomes[i] = s.ctx.Err(); outcomes[i] != nil {
			continue
		}
		if outcomes[i], whole = s.part(&Tx{tx}); !whole {
			return i, false
		}
	}
	return 0, true
}

// part executes a step in a savepoint. The transaction is no longer whole if a failed step could not be rolled back:
// some failures, such as a full disk, roll back all of it.
func (s *step) part(tx *Tx) (err error, whole bool) { //nolint:revive // the error is the outcome of the step
	if err := tx.command("SAVEPOINT step"); err != nil {
		return err, false
	}
	if err := s.do(tx); err != nil {
		return err, tx.command("ROLLBACK TO step") == nil && tx.command("RELEASE step") == nil
	}
	err = tx.command("RELEASE step")
	return err, err == nil
}

// apart executes each step in its own transaction, after one of them failed all.
func (f *File) apart(tx *transaction, batch []*step, outcomes []error, failed int) {
	for i, s := range batch {
		if i == failed || i < failed && outcomes[i] != nil {
			s.done <- outcomes[i]
			continue
		}
		if err := begin(s.ctx, tx); err != nil {
			s.done <- err
			continue
		}
		f.commit(tx, []*step{s}, []error{s.do(&Tx{tx})})
	}
}

// begin starts a transaction. The end of the context stops the waiting for it, not the transaction.
func begin(ctx context.Context, tx *transaction) (err error) {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	if tx.Tx, err = tx.conn.(driver.ConnBeginTx).BeginTx(lasting, driver.TxOptions{}); err == nil {
		tx.end = end
		if !stop() {
			tx.rollback()
			err = ctx.Err()
		}
		return err
	}
	end()
	return Classify(err)
}

// commit ends a transaction, and tells the callers whose steps were in it.
func (f *File) commit(tx *transaction, batch []*step, outcomes []error) {
	var err error
	if slices.Contains(outcomes, nil) {
		err = Classify(tx.Commit())
		tx.end()
		if err == nil {
			f.tell()
			err = f.checkWritten()
		}
	} else {
		tx.rollback()
	}
	for i, s := range batch {
		if outcomes[i] == nil {
			outcomes[i] = err
		}
		s.done <- outcomes[i]
	}
}
