package main

import (
	"slices"
	"strings"
	"unicode"
)

// didYouMean returns `; did you mean "start"?` with the names that may be meant by
// word, or nothing if none is close.
func didYouMean(word string, names []string) string {
	found := similar(word, names)
	if len(found) == 0 {
		return ""
	}
	for i, name := range found {
		found[i] = `"` + name + `"`
	}
	text := found[len(found)-1]
	if len(found) > 1 {
		text = strings.Join(found[:len(found)-1], ", ") + " or " + text
	}
	return "; did you mean " + text + "?"
}

// maxSimilar bounds the names that similar returns.
const maxSimilar = 5

// similar returns the names that differ from word by few typing mistakes, and
// those that begin with it.
func similar(word string, names []string) []string {
	word = kebab(word)
	var closest, longer []string
	best := max(1, len(word)/3)
	for _, name := range names {
		plain := kebab(name)
		d := editDistance(word, plain)
		if d < best {
			best, closest = d, nil
		}
		if d == best && d < len(word) && !slices.Contains(closest, name) {
			closest = append(closest, name)
		}
		if len(word) > 1 && strings.HasPrefix(plain, word) {
			longer = append(longer, name)
		}
	}
	for _, name := range longer {
		if !slices.Contains(closest, name) {
			closest = append(closest, name)
		}
	}
	return closest[:min(len(closest), maxSimilar)]
}

// kebab writes a name in small letters with dashes: lanIp, lan_ip and LAN_IP
// become lan-ip.
func kebab(name string) string {
	var out strings.Builder
	lower := false // the letter before is one of a word in small letters
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			out.WriteByte('-')
		}
		lower = unicode.IsLower(r)
		if r == '_' {
			r = '-'
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// editDistance is how many letters must be inserted, deleted, replaced, or
// swapped with their neighbour to make b of a.
func editDistance(a, b string) int {
	var before []int // the row before the last
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			changed := last[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
