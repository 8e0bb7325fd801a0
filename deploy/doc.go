// Package deploy holds what operators start from: a systemd unit, packages, a
// container image, manifests. Its tests check them with the programs that read
// them, where these are there.
package deploy
