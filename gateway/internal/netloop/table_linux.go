package netloop

import (
	"sync"
	"sync/atomic"
)

const tableChunk = 1024

// Table maps descriptors to what they belong to. Load takes no lock.
type Table[T any] struct {
	mu     sync.Mutex // guards growing
	chunks atomic.Pointer[[]*[tableChunk]atomic.Pointer[T]]
}

// Load returns the value at fd, nil if there is none.
func (t *Table[T]) Load(fd int) *T {
	chunks := t.chunks.Load()
	if fd < 0 || chunks == nil || fd/tableChunk >= len(*chunks) {
		return nil
	}
	return (*chunks)[fd/tableChunk][fd%tableChunk].Load()
}

// Store sets the value at fd.
func (t *Table[T]) Store(fd int, v *T) {
	chunks := t.chunks.Load()
	if chunks == nil || fd/tableChunk >= len(*chunks) {
		chunks = t.grow(fd)
	}
	(*chunks)[fd/tableChunk][fd%tableChunk].Store(v)
}

// Clear removes v at fd, if it is still what stands there: the number may
// belong to a newer connection by now.
func (t *Table[T]) Clear(fd int, v *T) {
	chunks := t.chunks.Load()
	if fd < 0 || chunks == nil || fd/tableChunk >= len(*chunks) {
		return
	}
	(*chunks)[fd/tableChunk][fd%tableChunk].CompareAndSwap(v, nil)
}

func (t *Table[T]) grow(fd int) *[]*[tableChunk]atomic.Pointer[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	var old []*[tableChunk]atomic.Pointer[T]
	if p := t.chunks.Load(); p != nil {
		old = *p
	}
	chunks := append([]*[tableChunk]atomic.Pointer[T](nil), old...)
	for fd/tableChunk >= len(chunks) {
		chunks = append(chunks, new([tableChunk]atomic.Pointer[T]))
	}
	t.chunks.Store(&chunks)
	return &chunks
}
