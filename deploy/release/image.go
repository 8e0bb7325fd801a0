package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

type imagePlatform struct{ arch, program string }

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    map[string]string `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// layout is an OCI image layout in the making.
type layout struct{ files []file }

// blob adds a file by its digest.
func (l *layout) blob(mediaType string, data []byte) descriptor {
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	l.files = append(l.files, file{"blobs/sha256/" + sum, data, 0o644})
	return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(data)}
}

func (l *layout) json(mediaType string, v any) (descriptor, error) {
	text, err := json.Marshal(v)
	return l.blob(mediaType, text), err
}

// image writes an image of nothing but the program, for all platforms in one
// OCI archive: podman load, skopeo copy and docker load (from 25 on) take it.
func (r *release) image(platforms []imagePlatform) error {
	var l layout
	var manifests []descriptor
	for _, p := range platforms {
		d, err := r.platformImage(&l, p)
		if err != nil {
			return err
		}
		manifests = append(manifests, d)
	}
	index, err := l.json(typeIndex, map[string]any{"schemaVersion": 2, "mediaType": typeIndex, "manifests": manifests})
	if err != nil {
		return err
	}
	index.Annotations = map[string]string{"org.opencontainers.image.ref.name": r.version, "io.containerd.image.name": "gatewayworker:" + r.version}
	top, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": typeIndex, "manifests": []descriptor{index}})
	if err != nil {
		return err
	}
	l.files = append(l.files, file{"index.json", top, 0o644}, file{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644})
	data, err := tarred(l.files, "", r.time)
	if err != nil {
		return err
	}
	return os.WriteFile(r.path("image.tar"), data, 0o644)
}

func (r *release) platformImage(l *layout, p imagePlatform) (descriptor, error) {
	program, err := os.ReadFile(p.program)
	if err != nil {
		return descriptor{}, err
	}
	root := []file{{"gatewayworker", program, 0o755}, {"etc/passwd", []byte("gatewayworker:x:65532:65532::/:/gatewayworker\n"), 0o644}}
	plain, err := tarred(root, "", r.time)
	if err != nil {
		return descriptor{}, err
	}
	compressed, err := gzipped(root, "", r.time)
	if err != nil {
		return descriptor{}, err
	}
	layer := l.blob(typeLayer, compressed)
	labels := map[string]string{
		"org.opencontainers.image.title":    "gatewayworker",
		"org.opencontainers.image.version":  r.version,
		"org.opencontainers.image.revision": r.commit,
		"org.opencontainers.image.licenses": "MIT",
	}
	config, err := l.json(typeConfig, map[string]any{
		"created": r.time.Format(time.RFC3339), "os": "linux", "architecture": p.arch,
		"config": map[string]any{
			"User": "65532:65532", "Entrypoint": []string{"/gatewayworker"}, "Cmd": []string{"--help"},
			"WorkingDir": "/", "Labels": labels, "StopSignal": "SIGTERM",
			"ExposedPorts": map[string]any{"8282/tcp": struct{}{}, "2900/tcp": struct{}{}, "1236/tcp": struct{}{}},
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(plain))}},
		"history": []map[string]any{{"created": r.time.Format(time.RFC3339), "created_by": "go run ./deploy/release " + r.version}},
	})
	if err != nil {
		return descriptor{}, err
	}
	d, err := l.json(typeManifest, map[string]any{"schemaVersion": 2, "mediaType": typeManifest, "config": config, "layers": []descriptor{layer}, "annotations": labels})
	d.Platform = map[string]string{"os": "linux", "architecture": p.arch}
	return d, err
}
