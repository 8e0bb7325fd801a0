package compattests

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// autoloadVariable names the environment variable that makes runs live: the
// path of an autoload file that finds Workerman, GatewayWorker and GatewayClient.
const autoloadVariable = "GATEWAYWORKER_PHP_AUTOLOAD"

// fixtures is the directory of our PHP scripts.
var fixtures, _ = filepath.Abs(filepath.Join("..", "php-fixtures"))

// phpVersions describes the originals in one line, or says why there are none.
var phpVersions = sync.OnceValues(func() (string, error) { return versionsOf(autoloadVariable) })

// errNotSet says that originals were not asked for. Every other error of
// phpVersions and versionsOf is a run that was meant to be live.
var errNotSet = errors.New("not set")

// versionsOf describes what the autoload file finds that an environment
// variable names.
func versionsOf(variable string) (string, error) {
	autoload := os.Getenv(variable)
	if autoload == "" {
		return "", fmt.Errorf("%s is %w", variable, errNotSet)
	}
	cmd := exec.Command("php", filepath.Join(fixtures, "versions.php"))
	cmd.Env = append(os.Environ(), autoloadVariable+"="+autoload)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("php versions.php with %s=%s: %w", variable, autoload, err)
	}
	var v struct {
		PHP           string `json:"php"`
		Workerman     string `json:"workerman"`
		GatewayWorker string `json:"gateway-worker"`
		GatewayClient string `json:"gatewayclient"`
	}
	if err := json.Unmarshal(out, &v); err != nil {
		return "", err
	}
	return fmt.Sprintf("PHP %s, Workerman %s, GatewayWorker %s, GatewayClient %s",
		v.PHP, v.Workerman, v.GatewayWorker, v.GatewayClient), nil
}

// php is the PHP originals that an autoload file finds; "" is the one that
// autoloadVariable names.
type php struct{ autoload string }

func (php) name() string { return "PHP" }

// env is what makes the fixtures load these originals.
func (p php) env() []string {
	if p.autoload == "" {
		return nil
	}
	return []string{autoloadVariable + "=" + p.autoload}
}

// isUp reports whether a fixture says that it serves, with a file in its directory.
func isUp(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "up"))
	return err == nil
}

// startPHP runs one of the fixtures in a session of its own, and returns when it
// serves; stop kills the session.
func startPHP(s *stage, script string, env ...string) (stop func(), err error) {
	return startFixture(s, script, isUp, env...)
}

// startFixture is startPHP for a fixture that serves when up says so of its
// directory.
func startFixture(s *stage, script string, up func(dir string) bool, env ...string) (stop func(), err error) {
	dir, err := os.MkdirTemp(s.dir, "php")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "output.log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("php", filepath.Join(fixtures, script))
	cmd.Env = append(append(os.Environ(), "FIXTURE_DIR="+dir), env...)
	cmd.Stdout, cmd.Stderr = log, log
	clustertest.OwnSession(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop = func() {
		clustertest.KillSession(cmd)
		<-ended
		log.Close()
	}
	for start := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		if up(dir) {
			return stop, nil
		}
		select {
		case <-ended:
			stop()
			return nil, fmt.Errorf("%s ended at its start", script)
		default:
		}
		if time.Since(start) > patience {
			stop()
			return nil, fmt.Errorf("%s did not start within %v", script, patience)
		}
	}
}

func (p php) startGateway(s *stage, cfg gatewayConfig, listen, innerPort int) (func(), error) {
	env, err := gatewayEnv(s, cfg, listen, innerPort)
	if err != nil {
		return nil, err
	}
	return startPHP(s, "start_gateway.php", append(env, p.env()...)...)
}

// gatewayEnv is the environment of start_gateway.php.
func gatewayEnv(s *stage, cfg gatewayConfig, listen, innerPort int) ([]string, error) {
	env := []string{
		"GATEWAY_LISTEN=" + cfg.Listen + "://" + net.JoinHostPort(cfg.host(), strconv.Itoa(listen)),
		"START_PORT=" + strconv.Itoa(innerPort),
		"LAN_IP=" + cfg.LanIP,
		"INNER_LISTEN=" + cfg.InnerListen,
		"REGISTER_ADDRESS=" + strings.Join(cfg.Registers, ","),
		"SECRET_KEY=" + cfg.SecretKey,
		"PING_INTERVAL=" + strconv.FormatFloat(cfg.PingInterval.Seconds(), 'f', -1, 64),
		"PING_NOT_RESPONSE_LIMIT=" + strconv.Itoa(cfg.PingNotResponseLimit),
		"PING_DATA=" + cfg.PingData,
	}
	if cfg.SendToClientBufferSize > 0 {
		env = append(env, "SEND_TO_CLIENT_BUFFER_SIZE="+strconv.Itoa(cfg.SendToClientBufferSize))
	}
	if cfg.SendToWorkerBufferSize > 0 {
		env = append(env, "SEND_TO_WORKER_BUFFER_SIZE="+strconv.Itoa(cfg.SendToWorkerBufferSize))
	}
	if cfg.ProtocolAccelerate {
		env = append(env, "PROTOCOL_ACCELERATE=1")
	}
	if cfg.Binary {
		env = append(env, "WEBSOCKET_TYPE=binary")
	}
	if cfg.Random {
		env = append(env, "ROUTER=random")
	}
	if cfg.TLS {
		files, err := tlsFiles(s.dir)
		if err != nil {
			return nil, err
		}
		env = append(env, "TLS_CERT="+files.cert, "TLS_KEY="+files.key)
		if cfg.ClientCA {
			env = append(env, "TLS_CA="+files.ca)
		}
	}
	return env, nil
}

func (p php) startRegister(s *stage, port int, secretKey string) (func(), error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return startPHP(s, "start_register.php", append(p.env(), "REGISTER_LISTEN="+address, "SECRET_KEY="+secretKey)...)
}
