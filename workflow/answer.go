package workflow

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// Resume implements [ordermanager.Resumer]: it ends the open wait and takes the next step, in one transaction. The
// database decides whether a wait is open, not the clock: an answer after the deadline, but before the time-out was
// carried out, is in time.
//
// A token of another workflow service is [ordermanager.ErrUndeliverable], not gone: a workflow there may be waiting on
// it.
func (w *Workflow) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	if !strings.HasPrefix(token.Reveal(), tokenPrefix) {
		return "", fmt.Errorf(
			"the token is of another workflow service: %w", errors.Join(ordermanager.ErrUndeliverable, ctx.Err()),
		)
	}
	var result ordermanager.Answer
	err := w.db.Write(ctx, func(tx sqldb.Conn) error {
		answer, waiting, err := w.answer(ctx, tx, token, outcome)
		result = answer
		if err != nil || waiting == nil {
			return err
		}
		return waiting.record(ctx, tx)
	})
	if err != nil {
		return "", err
	}
	w.nudge()
	return result, nil
}

// answer ends the wait of the token, and begins the next one, if any. It returns the notification of the next wait, not
// yet recorded.
func (w *Workflow) answer(
	ctx context.Context, tx sqldb.Conn, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, *notification, error) {
	var venue string
	var stage Stage
	afterDrink, afterCompletion := StageCompletion, StageFinished
	goesOn := StageDrink // the only stage that another one follows
	if outcome.Failure() || cancelled(outcome) {
		afterDrink, afterCompletion, goesOn = StageCancelled, StageCancelled, ""
	}
	n := notification{action: ordermanager.ActionWaitingCompletion}
	deadline := w.begin(&n, w.options.CompletionTimeout)
	err := tx.QueryRow(ctx, `
		UPDATE ordermanager_workflows SET
			token = CASE WHEN stage = ? THEN ? END,
			deadline = CASE WHEN stage = ? THEN CAST(? AS bigint) END,
			first_answer = CASE WHEN stage = ? THEN ? ELSE first_answer END,
			second_answer = CASE WHEN stage = ? THEN second_answer ELSE ? END,
			ended = CASE WHEN stage = ? THEN ended ELSE ? END,
			stage = CASE WHEN stage = ? THEN ? ELSE ? END
		WHERE token = ? RETURNING order_id, venue, stage`,
		goesOn, n.token.Fingerprint(), goesOn, deadline,
		StageDrink, answer{&outcome}, StageDrink, answer{&outcome},
		goesOn, n.at, StageDrink, afterDrink, afterCompletion, token.Fingerprint()).
		Scan(&n.orderID, &venue, &stage)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ordermanager.Gone, nil, nil
	case err != nil:
		return "", nil, err
	case stage != StageCompletion:
		return ordermanager.Accepted, nil, nil
	}
	if err := takeNumber(ctx, tx, &n, venue); err != nil {
		return "", nil, err
	}
	return ordermanager.Accepted, &n, nil
}

// takeNumber gives the order its venue's next number.
func takeNumber(ctx context.Context, tx sqldb.Conn, n *notification, venue string) error {
	var number int64
	err := tx.QueryRow(ctx, `INSERT INTO ordermanager_shops AS shops (venue, last_number) VALUES (?, 1)
		ON CONFLICT (venue) DO UPDATE SET last_number = shops.last_number + 1 RETURNING last_number`, venue).Scan(&number)
	if err != nil {
		return err
	}
	n.number = strconv.FormatInt(number, 10)
	return tx.ExecLater(ctx, "UPDATE ordermanager_workflows SET number = ? WHERE order_id = ?", n.number, n.orderID)
}

// cancelled reads the boolean of that name in the answer, as one version of the Serverlesspresso sample's
// OrderProcessor does.
func cancelled(outcome ordermanager.Outcome) bool {
	var output ordermanager.WorkflowOutput
	return json.Unmarshal(outcome.Output, &output) == nil && output.Cancelled
}

// answer is an outcome as a column. The output is stored as text, exactly as sent.
type answer struct{ outcome *ordermanager.Outcome }

type answerJSON struct {
	Output string `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
	Cause  string `json:"cause,omitempty"`
}

// Value implements [driver.Valuer].
func (a answer) Value() (driver.Value, error) {
	data, err := json.Marshal(answerJSON{string(a.outcome.Output), a.outcome.Error, a.outcome.Cause})
	return string(data), err
}

// Scan implements [sql.Scanner].
func (a *answer) Scan(column any) error {
	switch text := column.(type) {
	case nil:
		return nil
	case string:
		var kept answerJSON
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return err
		}
		a.outcome = &ordermanager.Outcome{Error: kept.Error, Cause: kept.Cause}
		if kept.Output != "" {
			a.outcome.Output = json.RawMessage(kept.Output)
		}
		return nil
	}
	return fmt.Errorf("an answer is not a %T", column)
}
