package handovertest

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// Patience bounds each step; nothing waits for it to pass.
const Patience = 30 * time.Second

// Part is something that is handed over.
type Part struct {
	Name string
	Give func(*handover.Giver) error // writes it
	Take func(*handover.Taker) error // makes it again
}

// Pass hands parts over. give is called when the taker is prepared and has
// everything stand still; wrong, which may be nil, is called by the taker when it
// has read everything. After an error the taker has ended.
func Pass(t testing.TB, give func() error, wrong func(*handover.Taker) error, parts ...Part) error {
	t.Helper()
	giver, files, err := handover.NewGiver()
	if err != nil {
		t.Fatal(err)
	}
	defer giver.Close()
	taker, err := handover.NewTaker(files[0], files[1])
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1) // the other process
	go func() {
		defer taker.Close()
		ended <- takeAll(taker, wrong, parts)
	}()
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	err = func() error {
		if err := giver.Agree(names, Patience); err != nil {
			return err
		}
		if err := give(); err != nil {
			giver.Refuse(err.Error())
			return err
		}
		for _, p := range parts {
			if err := giver.Part(p.Name); err != nil {
				return err
			}
			if err := p.Give(giver); err != nil {
				return err
			}
		}
		return giver.Commit(func() {})
	}()
	if err != nil {
		giver.Close()
		return errors.Join(err, <-ended)
	}
	return <-ended
}

func takeAll(taker *handover.Taker, wrong func(*handover.Taker) error, parts []Part) error {
	if _, err := taker.Agree("test", Patience); err != nil {
		return err
	}
	if err := taker.Prepared(Patience); err != nil {
		return err
	}
	for _, p := range parts {
		if name, err := taker.Part(); name != p.Name {
			return fmt.Errorf("part %q came in place of %q: %w", name, p.Name, err)
		}
		if err := p.Take(taker); err != nil {
			taker.Refuse(err.Error())
			return err
		}
	}
	if _, err := taker.Part(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after the last part: %w", err)
	}
	if wrong != nil {
		if err := wrong(taker); err != nil {
			return err
		}
	}
	return taker.Serve()
}
