package bench

import "context"

// Run runs one scenario. It returns the report of what was measured up to an
// error as well: of the context's, of a server that went away, or of options
// that do not fit ([*OptionsError]). Lost messages are no error; see
// [Report.Complete].
func Run(ctx context.Context, o Options) (Report, error) {
	p, err := o.plan()
	if err != nil {
		return Report{Scenario: o.Scenario}, err
	}
	return run(ctx, p)
}
