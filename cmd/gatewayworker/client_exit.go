package main

import (
	"errors"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// singleError is an error about the one gateway that a question was for: that
// is no partial answer.
type singleError struct{ error }

func (e singleError) Unwrap() error { return e.error }

func single(err error) error {
	if err == nil {
		return nil
	}
	return singleError{err}
}

// isPartial reports whether err is about some of the gateways, but not all.
func isPartial(err error, gateways int) bool {
	if errors.As(err, new(singleError)) {
		return false
	}
	failed := map[gatewayclient.GatewayAddress]bool{}
	for _, g := range gatewayclient.FailedGateways(err) {
		failed[g] = true
	}
	return len(failed) > 0 && len(failed) < gateways
}

// coded gives an error of gatewayclient its exit code, and the words of the
// command line.
func coded(err error, gateways int) error {
	if err == nil {
		return nil
	}
	code := exitFailure
	var known *codedError
	switch {
	case errors.As(err, &known):
		code = known.code
	case errors.Is(err, gatewayclient.ErrEmptyName):
		code = exitUsage
	case errors.Is(err, gatewayclient.ErrClientOffline), errors.Is(err, gatewayclient.ErrUnknownGateway):
		code = exitOffline
	case isPartial(err, gateways):
		code = exitPartial
	}
	return &codedError{code, errors.New(oneLinePerGateway(err))}
}

// oneLinePerGateway is the text of err in which a cause that several gateways share stands once.
func oneLinePerGateway(err error) string {
	var lines []string
	told := map[string]bool{}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "gatewayclient: ")
		about := line
		if gateway, _, ok := strings.Cut(strings.TrimPrefix(line, "gateway "), ": "); ok && strings.HasPrefix(line, "gateway ") {
			about = gateway
		}
		if !told[about] {
			told[about] = true
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
