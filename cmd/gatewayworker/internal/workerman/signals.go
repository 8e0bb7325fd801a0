package workerman

// Request is what a signal of Workerman's asks a child for.
type Request int

// What a signal asks for.
const (
	Nothing        Request = iota
	Stop                   // stop, and send what waits
	StopGracefully         // stop when the clients have gone by themselves
	Reload                 // read again what can change
	Status                 // write the line of `status`
	Connections            // write the lines of `connections`
)
