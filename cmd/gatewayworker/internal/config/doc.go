// Package config reads the configuration file of gatewayworker: YAML whose keys
// are the names of flags, with a list of gateways, each of which may have a list of
// listeners.
//
// It owns the shape of the file, and where in it a value stands: unknown keys,
// keys that come twice and values of the wrong kind are errors that name file and
// line. It never knows what an option means or which values it takes.
package config
