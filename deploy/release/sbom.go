package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// sbom lists what is in a program, in CycloneDX 1.5, from what the go command
// noted in it.
func (b *build) sbom(info *buildinfo.BuildInfo, program []byte) ([]byte, error) {
	sum := sha256.Sum256(program)
	main := component{
		Type: "application", Name: info.Main.Path, Version: b.version,
		PURL:   fmt.Sprintf("pkg:golang/%s@%s?goos=%s&goarch=%s", info.Main.Path, b.version, b.goos, b.arch),
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
	}
	main.Ref = main.PURL
	version := strings.TrimPrefix(info.GoVersion, "go")
	components := []component{{Type: "library", Name: "std", Version: info.GoVersion, PURL: "pkg:golang/std@" + version, Ref: "pkg:golang/std@" + version}}
	for _, m := range modules(info) {
		c := component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version}
		c.Ref = c.PURL
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(raw) > 0 {
			c.Hashes = []hash{{"SHA-256", hex.EncodeToString(raw)}}
		}
		components = append(components, c)
	}
	all := dependency{Ref: main.Ref}
	for _, c := range components {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	doc := map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"serialNumber": serial(sum),
		"metadata": map[string]any{
			"timestamp": b.time.Format(time.RFC3339), "component": main,
			"properties": []map[string]string{{"name": "commit", "value": b.commit}},
		},
		"components": components, "dependencies": []dependency{all},
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	return append(text, '\n'), err
}

// serial is a UUID that follows from the program, so that it is the same in
// every build.
func serial(sum [32]byte) string {
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: of one's own
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
