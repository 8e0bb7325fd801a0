// Package endurance holds tests of a cluster that is ill-treated, and of one that
// runs long: peers that send what nobody should or read nothing, files and memory
// that run out, and a day of ordinary use in half an hour.
//
// The gateway runs in a process of its own, beside a Register and a Go worker.
// While a peer attacks, bystanders on all of the gateway's pollers have their
// messages echoed by the worker: every answer must come, once and right. The test
// asserts that, the memory the gateway takes at most, and that everything - files,
// goroutines, memory, clients - is as it was when the attack is over; how long the
// bystanders waited is printed.
//
// The attackers have a process of their own, too. With -long the kernel runs it
// only while a processor has nothing else to do: attackers have machines of their
// own, and what they compute here must not be what others wait for.
//
//	go test ./compat-tests/endurance                               seconds for each attack
//	go test ./compat-tests/endurance -run TestHostile -v -args -long          15 s each, and the bystanders' times are asserted
//	GATEWAYWORKER_PHP_AUTOLOAD=... the same, with -run TestHostile     and PHP's gateway under the same attacks
//	go test ./compat-tests/endurance -run TestDay -v -timeout 2h -args -day 30m   a day of use
//
// The tests need Linux.
package endurance
