package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const envPrefix = "GATEWAYWORKER_"

// env returns the environment variable of a flag: GATEWAYWORKER_LAN_IP for
// lan-ip.
func env(flag string) []string {
	return []string{envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}

// forgetEmptyVariables unsets empty variables: container files pass on variables
// that the user has not set.
func forgetEmptyVariables() {
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); value == "" && strings.HasPrefix(name, envPrefix) {
			_ = os.Unsetenv(name)
		}
	}
}

// unknownVariables returns a complaint for each variable in environ that begins
// with envPrefix and that no command has.
func unknownVariables(app *cli.App, environ []string) []string {
	var known []string // without the prefix, which would make all of them alike
	for _, name := range variableNames(app.Commands) {
		known = append(known, strings.TrimPrefix(name, envPrefix))
	}
	var complaints []string
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		short, ours := strings.CutPrefix(name, envPrefix)
		if !ours || slices.Contains(known, short) || ofKubernetes(short, value) {
			continue
		}
		complaint := fmt.Sprintf("the environment variable %s is not known and has no effect", name)
		if meant := similar(short, known); len(meant) > 0 {
			complaint += "; did you mean " + envPrefix + strings.Join(meant, " or "+envPrefix) + "?"
		}
		complaints = append(complaints, complaint)
	}
	slices.Sort(complaints)
	return complaints
}

var serviceVariable = regexp.MustCompile(`(^|_)(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$`)

// ofKubernetes reports whether Kubernetes sets a variable: for a service whose
// name begins with gatewayworker it does so in every container of the namespace.
func ofKubernetes(short, value string) bool {
	return serviceVariable.MatchString(short) ||
		(short == "PORT" || strings.HasSuffix(short, "_PORT")) && strings.Contains(value, "://")
}

// warnOfVariables prints the complaints of a command that has no log.
func warnOfVariables(c *cli.Context) error {
	for _, complaint := range unknownVariables(c.App, os.Environ()) {
		fmt.Fprintf(c.App.ErrWriter, "gatewayworker: warning: %s\n", complaint)
	}
	return nil
}

// variableNames are the environment variables of all flags of commands.
func variableNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		for _, f := range c.Flags {
			if f, ok := f.(cli.DocGenerationFlag); ok {
				names = append(names, f.GetEnvVars()...)
			}
		}
		names = append(names, variableNames(c.Subcommands)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
