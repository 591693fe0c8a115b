package main_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestImageRunsNothingButTheGateway holds the last stage of the Dockerfile to what the manifests rely on.
func TestImageRunsNothingButTheGateway(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	stages := strings.Split(string(text), "\nFROM ")
	build, last := stages[len(stages)-2], strings.Split(stages[len(stages)-1], "\n")
	if last[0] != "scratch" {
		t.Errorf("the image is made from %q, not from nothing", last[0])
	}
	for _, want := range []string{
		"USER 65532:65532",
		`ENTRYPOINT ["/pg-gateway"]`,
		`CMD ["serve", "--config.file=/etc/pg-gateway/config.yaml"]`,
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		"ENV ZONEINFO=/zoneinfo.zip",
		"ENV PG_GATEWAY_CONFIG_FILE=/etc/pg-gateway/config.yaml",
	} {
		if !slices.Contains(last, want) {
			t.Errorf("the last stage lacks %q", want)
		}
	}
	for _, line := range last {
		if strings.HasPrefix(line, "RUN ") {
			t.Errorf("there is no shell to run %q", line)
		}
	}
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "-X main.version="} {
		if !strings.Contains(build, want) {
			t.Errorf("the build lacks %s", want)
		}
	}
}

func TestNothingPrivateGoesIntoTheImage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(".dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	ignored := strings.Fields(string(text))
	for _, want := range []string{".git", "data", "secrets"} {
		if !slices.Contains(ignored, want) {
			t.Errorf(".dockerignore lets %s through", want)
		}
	}
}
