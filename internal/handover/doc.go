// Package handover moves the state of a running program to the program that
// takes its place, open connections included, while the peers notice nothing.
//
// # What it owns
//
// The way between the two processes: two unix sockets, one for records and one
// for open files (SCM_RIGHTS), the order of the steps, their time limits, and
// the version of the format. The program that gives is the [Giver], the one
// that takes over is the [Taker]:
//
//	Giver                              Taker
//	starts the taker's process
//	                                   Hello: the versions that it reads
//	Offer: the version chosen
//	                                   Prepared: configuration read, ports known
//	-- here the giver stops reading and writing --
//	records and files
//	                                   Ready: everything is restored, nothing runs
//	Go
//	                                   Serving
//	-- here the taker starts to read and write --
//	closes its copies of the files
//
// Until the giver has read Serving it can go on as if nothing had happened: the
// taker has changed nothing that both processes see. After any error, the
// giver's caller ends the taker's process, makes sure that it has ended, and
// goes on serving. The taker says Serving before it touches a connection, so a
// taker that dies at any step leaves a giver that knows what to do.
//
// # What it never knows
//
// What the records say. A record is a kind and a list of numbered fields
// ([Record], [Fields]); readers skip the fields and kinds that they do not know,
// and take zero for those that are missing, which is what lets one version of
// the program read what the one before wrote.
package handover
