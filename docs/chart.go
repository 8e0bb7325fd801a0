//go:build ignore

// Chart draws docs/benchmarks.svg from the table in docs/benchmarks.md:
//
//	go run docs/chart.go
//
// It takes the rows of microseconds: those whose first cell says "per".
package main

import (
	"bytes"
	"fmt"
	"html"
	"log"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
)

type row struct {
	job    string
	values [3]float64 // 0 is none
}

type series struct {
	name, colour string
	column       int
}

var all = []series{
	{"PHP", "#8892bf", 1},
	{"Go", "#00a0c8", 2},
	{"kernel's floor", "#b0b0b0", 4},
}

const (
	lowest, highest    = 0.05, 1000.0
	left, width, right = 390, 420, 50
	top, bar, gap      = 74, 11, 12
)

var number = regexp.MustCompile(`[0-9][0-9,]*(\.[0-9]+)?`)

func main() {
	text, err := os.ReadFile("docs/benchmarks.md")
	if err != nil {
		log.Fatal(err)
	}
	rows := table(string(text))
	if len(rows) == 0 {
		log.Fatal("docs/benchmarks.md has no table of jobs")
	}
	if err := os.WriteFile("docs/benchmarks.svg", draw(rows), 0o644); err != nil {
		log.Fatal(err)
	}
}

func table(text string) (rows []row) {
	_, text, _ = strings.Cut(text, "| job | PHP | Go |")
	text, _, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || !strings.Contains(cells[1], ", per ") {
			continue
		}
		job, _, _ := strings.Cut(cells[1], " [") // without its footnote
		r := row{job: strings.TrimSpace(job)}
		for i, s := range all {
			if n := number.FindString(cells[s.column+1]); n != "" {
				r.values[i], _ = strconv.ParseFloat(strings.ReplaceAll(n, ",", ""), 64)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func x(v float64) float64 {
	v = min(max(v, lowest), highest)
	return left + width*math.Log(v/lowest)/math.Log(highest/lowest)
}

func draw(rows []row) []byte {
	var b bytes.Buffer
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	height := top + 20
	for _, r := range rows {
		height += r.height()
	}
	line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`, left+width+right, height)
	line(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	line(`<text x="12" y="24" font-size="15" font-weight="bold">CPU of the gateway process, microseconds, logarithmic: shorter is better</text>`)
	at := 12
	for _, s := range all {
		line(`<rect x="%d" y="38" width="12" height="12" fill="%s"/><text x="%d" y="48">%s</text>`, at, s.colour, at+18, s.name)
		at += 70
	}
	for _, v := range []float64{0.1, 1, 10, 100, 1000} {
		line(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#dddddd"/><text x="%.1f" y="%d" text-anchor="middle" fill="#666666">%g</text>`,
			x(v), x(v), top-8, height-10, x(v), top-12, v)
	}
	y := top
	for _, r := range rows {
		line(`<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, y+(r.height()-gap)/2+4, html.EscapeString(r.job))
		for i, v := range r.values {
			if v == 0 {
				continue
			}
			line(`<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d" font-size="10" fill="#333333">%g</text>`,
				left, y, x(v)-left, bar-1, all[i].colour, x(v)+4, y+bar-2, v)
			y += bar
		}
		y += gap
	}
	line(`</svg>`)
	return b.Bytes()
}

func (r row) height() int {
	h := gap
	for _, v := range r.values {
		if v != 0 {
			h += bar
		}
	}
	return h
}
