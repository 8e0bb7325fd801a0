package gateway

func (s *clientPollers) keeps() (n int) {
	for _, p := range s.ps {
		n += cap(p.buf) + cap(p.plain) + p.b.keeps()
	}
	return n
}

func (l *innerLoop) keeps() int {
	return cap(l.buf) + l.out.batch.keeps()
}

func (b *batch) keeps() int { return b.arena.Cap() + b.scratch.Cap() }
