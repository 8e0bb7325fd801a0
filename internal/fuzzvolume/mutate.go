package fuzzvolume

import "math/bits"

// random is a fast generator (splitmix64): the same seed gives the same numbers.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// one reports true once in n times.
func (r *random) one(n int) bool { return r.below(n) == 0 }

// maxInput bounds mutated inputs, so that they are many rather than long; a seed
// may be longer.
const maxInput = 4096

// special are numbers at which decoders turn.
var special = []uint64{
	0, 1, 2, 3, 4, 9, 10, 27, 28, 29, 31, 32, 63, 64, 100, 125, 126, 127, 128, 129, 255, 256, 257, 512, 1023, 1024, 4095, 4096,
	32767, 32768, 65535, 65536, 65537, 1 << 20, 10485759, 10485760, 10485761, 1<<24 - 1, 1 << 28, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32,
	1<<53 - 1, 1 << 53, 1<<63 - 1, 1 << 63, 1<<64 - 1,
}

// mutator makes inputs from seeds.
type mutator struct {
	random
	seeds [][]any
	args  []any    // the input at hand
	bufs  [][]byte // the bytes of args that are []byte or string
	out   [][]byte // copies of bufs, for the target, which may change them
	room  []int    // how long each may become
	left  int      // mutations until another seed is taken
}

func newMutator(seeds [][]any, seed uint64) *mutator {
	n := len(seeds[0])
	return &mutator{random: random(seed), seeds: seeds, args: make([]any, n), bufs: make([][]byte, n), out: make([][]byte, n), room: make([]int, n)}
}

// next returns the next input, which is the caller's until the next call.
func (m *mutator) next() []any {
	if m.left == 0 {
		m.restart()
	}
	m.left--
	for range 1 + bits.TrailingZeros64(m.random.next()|1<<5) {
		m.mutate(m.below(len(m.args)))
	}
	for i, arg := range m.args {
		switch arg.(type) {
		case []byte:
			m.out[i] = append(m.out[i][:0], m.bufs[i]...)
			m.args[i] = m.out[i]
		case string:
			m.args[i] = string(m.bufs[i])
		}
	}
	return m.args
}

// input returns what next returned, whatever was done to it since.
func (m *mutator) input() []any {
	for i, arg := range m.args {
		if _, ok := arg.([]byte); ok {
			m.args[i] = m.bufs[i]
		}
	}
	return m.args
}

// restart begins with a seed again.
func (m *mutator) restart() {
	m.left = 1 + m.below(12)
	seed := m.seeds[m.below(len(m.seeds))]
	for i, arg := range seed {
		m.args[i] = arg
		switch v := arg.(type) {
		case []byte:
			m.bufs[i] = append(m.bufs[i][:0], v...)
		case string:
			m.bufs[i] = append(m.bufs[i][:0], v...)
		}
		m.room[i] = max(maxInput, len(m.bufs[i]))
	}
}

func (m *mutator) mutate(i int) {
	switch v := m.args[i].(type) {
	case []byte, string:
		m.bufs[i] = m.mutateBytes(m.bufs[i], i)
	case bool:
		m.args[i] = m.one(2)
	case byte:
		m.args[i] = byte(m.number(uint64(v)))
	case uint16:
		m.args[i] = uint16(m.number(uint64(v)))
	case uint32:
		m.args[i] = uint32(m.number(uint64(v)))
	case int:
		if len(m.bufs[0]) > 0 && m.one(2) { // mostly a place in the bytes before it
			m.args[i] = m.below(len(m.bufs[0]) + 1)
		} else {
			m.args[i] = int(m.number(uint64(v)))
		}
	}
}

func (m *mutator) number(v uint64) uint64 {
	switch m.below(4) {
	case 0:
		return special[m.below(len(special))]
	case 1:
		return m.random.next()
	case 2:
		return v ^ 1<<m.below(16)
	default:
		return v + uint64(m.below(9)) - 4
	}
}

// mutateBytes changes b, the value of argument i.
func (m *mutator) mutateBytes(b []byte, i int) []byte {
	if len(b) == 0 {
		return append(b, byte(m.random.next()))
	}
	at := m.below(len(b))
	switch m.below(12) {
	case 0:
		b[at] ^= 1 << m.below(8)
	case 1:
		b[at] = byte(m.random.next())
	case 2:
		b[at] += byte(m.below(5)) - 2
	case 3: // bytes go
		n := 1 + m.below(min(len(b)-at, 1<<m.below(8)))
		b = append(b[:at], b[at+n:]...)
	case 4: // the end goes
		b = b[:at]
	case 5: // bytes come
		b = m.insert(b, at, i, []byte{byte(m.random.next())}, 1+m.below(1<<m.below(5)))
	case 6: // a number, as the protocols have it
		v, size := special[m.below(len(special))], 1<<m.below(4)
		for k := range min(size, len(b)-at) {
			b[at+k] = byte(v >> (8 * (size - 1 - k)))
		}
	case 7: // what is there, once more, elsewhere
		from := m.below(len(b))
		n := 1 + m.below(min(len(b)-from, 1<<m.below(8)))
		b = m.insert(b, at, i, append([]byte(nil), b[from:from+n]...), 1)
	case 8, 9: // a piece of another seed, put in or over
		if piece := m.piece(i); m.one(2) {
			b = m.insert(b, at, i, piece, 1)
		} else {
			copy(b[at:], piece)
		}
	case 10: // a digit
		for k := at; k < len(b) && k < at+32; k++ {
			if b[k] >= '0' && b[k] <= '9' {
				b[k] = '0' + byte(m.below(10))
				break
			}
		}
	default: // the first half of this, the second of another
		if piece := m.piece(i); len(piece) > 0 && at+len(piece) <= m.room[i] {
			b = append(b[:at], piece...)
		}
	}
	return b
}

// insert puts a piece into b some times, as far as there is room.
func (m *mutator) insert(b []byte, at, i int, piece []byte, times int) []byte {
	n := len(piece) * times
	if n == 0 || len(b)+n > m.room[i] {
		return b
	}
	b = append(b, make([]byte, n)...)
	copy(b[at+n:], b[at:])
	for k := 0; k < n; k += len(piece) {
		copy(b[at+k:at+n], piece)
	}
	return b
}

// piece returns a part of what a seed has in the place of argument i.
func (m *mutator) piece(i int) []byte {
	var whole []byte
	switch v := m.seeds[m.below(len(m.seeds))][i].(type) {
	case []byte:
		whole = v
	case string:
		whole = []byte(v)
	}
	if len(whole) == 0 {
		return nil
	}
	from := m.below(len(whole))
	return whole[from : from+1+m.below(min(len(whole)-from, 1<<m.below(9)))]
}
