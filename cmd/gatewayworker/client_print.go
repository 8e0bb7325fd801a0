package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
)

// printer prints answers: a table for people, or JSON.
type printer struct {
	w    io.Writer
	json bool
}

// table is an answer for people. One column without a head is a plain list.
type table struct {
	head []string
	rows [][]string
}

func (p printer) print(answer any, t table) error {
	if p.json {
		return p.printJSON(answer)
	}
	return t.write(p.w)
}

// printJSON prints one line.
func (p printer) printJSON(answer any) error {
	e := json.NewEncoder(p.w)
	e.SetEscapeHTML(false)
	return e.Encode(answer)
}

func (t table) write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var buf bytes.Buffer
	rows := t.rows
	if len(t.head) > 0 {
		rows = append([][]string{t.head}, rows...)
	}
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				buf.WriteByte('\t')
			}
			buf.WriteString(cell)
		}
		buf.WriteByte('\n')
	}
	if _, err := tw.Write(buf.Bytes()); err != nil {
		return err
	}
	return tw.Flush()
}

// list makes a table of one column.
func list[T any](values []T, text func(T) string) table {
	var t table
	for _, v := range values {
		t.rows = append(t.rows, []string{text(v)})
	}
	return t
}

// plain makes a text that clients have chosen fit for a terminal and a table:
// what does not print is quoted, as is what begins with a quote.
func plain(text string) string {
	if text == "" || text[0] == '"' || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

func plainIfAny(text string) string {
	if text == "" {
		return "-"
	}
	return plain(text)
}

func plainList(texts []string) string {
	if len(texts) == 0 {
		return "-"
	}
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = plain(text)
	}
	return strings.Join(quoted, ", ")
}

// texts are client ids for JSON: a list, also of none.
func texts(ids []gatewayclient.ClientID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// sessionJSON is a session in JSON. What JSON has nothing for, such as bytes
// that are no text, comes as the base64 of PHP's serialize() output.
type sessionJSON struct {
	Session json.RawMessage `json:"session"`
	Base64  string          `json:"session_base64,omitempty"`
}

func toSessionJSON(s gatewayclient.SessionData) sessionJSON {
	if arr, err := s.Array(); err == nil {
		if arr.Len() == 0 {
			return sessionJSON{Session: json.RawMessage("{}")}
		}
		if text, err := phpjson.Encode(arr, phpjson.Options{UnescapedUnicode: true, UnescapedSlashes: true}); err == nil {
			return sessionJSON{Session: text}
		}
	}
	return sessionJSON{Session: json.RawMessage("null"), Base64: base64.StdEncoding.EncodeToString(s)}
}

// sessionText is a session in a table.
func sessionText(s gatewayclient.SessionData) string {
	if j := toSessionJSON(s); j.Base64 == "" {
		return plain(string(j.Session))
	}
	return strconv.Quote(string(s))
}
