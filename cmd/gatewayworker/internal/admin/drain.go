package admin

import (
	"fmt"
	"net/http"

	"github.com/sirupsen/logrus"
)

// DrainRequest asks a process to send its clients away.
type DrainRequest struct {
	// Seconds is over how long, in place of drain-time.
	Seconds *float64 `json:"seconds,omitempty"`
	// Refuse has new clients refused meanwhile and afterwards, also where drain-refuse
	// is off.
	Refuse bool `json:"refuse,omitempty"`
	// Stop has the process stop afterwards, as by SIGTERM.
	Stop bool `json:"stop,omitempty"`
}

// DrainState is how far the sending away is.
type DrainState struct {
	Done        bool    `json:"done"`         // the time is over, or no client was left
	Clients     int     `json:"clients"`      // that are connected
	From        int     `json:"from"`         // that were connected when it began
	SecondsLeft float64 `json:"seconds_left"` // at most
}

// maxDrain bounds DrainRequest.Seconds: more is a slip of the hand.
const maxDrain = 24 * 3600

// Check reports what is wrong with a request.
func (d *DrainRequest) Check() error {
	if d.Seconds != nil && !(*d.Seconds >= 0 && *d.Seconds <= maxDrain) {
		return fmt.Errorf("want from 0 seconds to %d, a day", maxDrain)
	}
	return nil
}

// drain begins to send the clients away, and answers with how far that is.
func (x *actor) drain(opts *Options) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask DrainRequest
		if !readJSON(w, r, &ask, ask.Check) {
			return
		}
		if err := opts.Drain(ask); err != nil {
			refuse(w, http.StatusConflict, err.Error())
			return
		}
		x.log.WithFields(logrus.Fields{"remote": r.RemoteAddr, "stop": ask.Stop}).Info("the operator has the clients sent away")
		state, _ := opts.Drained()
		answerStatus(w, http.StatusAccepted, state)
	}
}
