package bench

import "slices"

// stream is the messages of one phase: what was sent, what must arrive, and
// what did. Messages to one client carry ascending sequence numbers.
type stream struct {
	id   byte
	hist Histogram
	// last is the highest sequence number each client received, -1 for none.
	last []int64
	// got and want count each client's messages.
	got, want  []int32
	received   int64 // without repeats
	expected   int64
	outOfOrder int64
	// recent holds each client's newest sequence numbers: a message that is not
	// newer than the last is a repeat if it is there, else late.
	recent  [][8]uint32
	repeats int64
	// sent is the next sequence number where the stream has one for all.
	sent uint32
	// recipients and arrived are per sequence number of a message to many:
	// how many must have it, how many do. lastHist gets the time of the last.
	recipients, arrived []int32
	lastHist            *Histogram
	// on is called for each arrival, after it was counted.
	on func(client int, due int64)
}

func newStream(id byte, clients int) *stream {
	s := &stream{id: id, last: make([]int64, clients), got: make([]int32, clients), want: make([]int32, clients), recent: make([][8]uint32, clients)}
	for i := range s.last {
		s.last[i] = -1
	}
	return s
}

// toMany makes the stream watch for the last receiver of each message.
func (s *stream) toMany() *stream {
	s.lastHist = new(Histogram)
	return s
}

// expect says that client i must receive one more message.
func (s *stream) expect(i int) {
	s.want[i]++
	s.expected++
}

// expectMany says that all of clients must receive the message that is sent
// next, and returns its sequence number.
func (s *stream) expectMany(clients []int) uint32 {
	for _, i := range clients {
		s.want[i]++
	}
	s.expected += int64(len(clients))
	s.recipients = append(s.recipients, int32(len(clients)))
	s.arrived = append(s.arrived, 0)
	s.sent++
	return s.sent - 1
}

// receive counts one message, unless it is a repeat.
func (s *stream) receive(client int, seq uint32, due, now int64) {
	recent := &s.recent[client]
	if int64(seq) > s.last[client] {
		s.last[client] = int64(seq)
	} else if n := min(int(s.got[client]), len(recent)); slices.Contains(recent[:n], seq) {
		s.repeats++
		return
	} else {
		s.outOfOrder++
	}
	recent[int(s.got[client])%len(recent)] = seq
	s.received++
	s.got[client]++
	s.hist.Record(now - due)
	if s.lastHist != nil && int(seq) < len(s.arrived) {
		if s.arrived[seq]++; s.arrived[seq] == s.recipients[seq] {
			s.lastHist.Record(now - due)
		}
	}
	if s.on != nil {
		s.on(client, due)
	}
}

// complete reports whether as many arrived as should.
func (s *stream) complete() bool { return s.received >= s.expected }

// verdict compares what each client got with what it should have got.
func (s *stream) verdict() (lost, surplus int64) {
	surplus = s.repeats
	for i, want := range s.want {
		if d := int64(want - s.got[i]); d > 0 {
			lost += d
		} else {
			surplus -= d
		}
	}
	return lost, surplus
}
