package businessworker

// A clientQueue is a linked list of clients, first in, first out.
type clientQueue struct {
	first, last *clientState
	n           int
}

func (q *clientQueue) push(c *clientState) {
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
	q.n++
}

func (q *clientQueue) pop() *clientState {
	c := q.first
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	c.next = nil
	q.n--
	return c
}
