// Drives go-psrp for the table in tests/bench: drive PORT open | small:N | flood:COUNTxSIZE:KIND, over HTTPS.
// The password is in PW. Prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/smnsjas/go-psrp/client"
)

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func peak() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Maxrss
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	port, _ := strconv.Atoi(os.Args[1])
	what := strings.Split(os.Args[2], ":")
	cfg := client.DefaultConfig()
	cfg.Port, cfg.UseTLS, cfg.InsecureSkipVerify = port, true, true
	cfg.AuthType, cfg.EnableCBT = client.AuthNTLM, true
	cfg.Username, cfg.Domain, cfg.Password = "cloudadmin", "AZURESTACK", os.Getenv("PW")
	cfg.ConfigurationName = "PrivilegedEndpoint"
	ctx := context.Background()
	used, started := cpu(), time.Now()
	c, err := client.New("127.0.0.1", cfg)
	must(err)
	must(c.Connect(ctx))
	records := 0
	if what[0] != "open" {
		used, started = cpu(), time.Now()
		if what[0] == "small" {
			n, _ := strconv.Atoi(what[1])
			for i := 0; i < n; i++ {
				got, err := c.ExecuteCommand(ctx, "Test-Echo", map[string]any{"Value": int32(7)})
				must(err)
				records += got
			}
		} else {
			count, size, _ := strings.Cut(what[1], "x")
			n, _ := strconv.Atoi(count)
			s, _ := strconv.Atoi(size)
			records, err = c.ExecuteCommand(ctx, "Test-Flood", map[string]any{"Count": int32(n), "Size": int32(s), "Kind": what[2]})
			must(err)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"wall_s": time.Since(started).Seconds(), "cpu_s": cpu() - used, "peak_rss_kib": peak(), "records": records,
	})
	closing, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = c.Close(closing)
}
