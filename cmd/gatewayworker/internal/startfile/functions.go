package startfile

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

// namedConstant is the value of a constant.
func (in *interpreter) namedConstant(f *frame, e *phpsyntax.Constant) any {
	if v, ok := in.constants[e.Name]; ok {
		return v
	}
	switch strings.ToLower(e.Name) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	switch strings.ToUpper(e.Name) {
	case "__DIR__":
		return filepath.ToSlash(filepath.Dir(f.file))
	case "__FILE__":
		return filepath.ToSlash(f.file)
	case "__LINE__":
		return int64(e.Line)
	case "__CLASS__":
		if f.class != nil {
			return f.class.decl.Name
		}
		return ""
	case "DIRECTORY_SEPARATOR":
		return "/"
	case "PATH_SEPARATOR":
		return ":"
	case "PHP_EOL":
		return "\n"
	case "PHP_OS", "PHP_OS_FAMILY":
		return "Linux" // where Workerman runs
	case "PHP_SAPI":
		return "cli"
	case "PHP_INT_MAX":
		return int64(math.MaxInt64)
	case "E_ALL":
		return int64(32767)
	case "JSON_UNESCAPED_UNICODE":
		return int64(256)
	case "JSON_UNESCAPED_SLASHES":
		return int64(64)
	case "JSON_THROW_ON_ERROR":
		return int64(4194304)
	}
	return Unknown{"the constant " + e.Name}
}

// builtin is a function of PHP that start files call.
type builtin func(in *interpreter, f *frame, args []any) any

var functions map[string]builtin

func init() {
	functions = map[string]builtin{
		"define": func(in *interpreter, _ *frame, args []any) any {
			if name, ok := argument(args, 0).(string); ok {
				in.constants[name] = argument(args, 1)
			}
			return true
		},
		"defined": func(in *interpreter, _ *frame, args []any) any {
			name, _ := argument(args, 0).(string)
			_, ok := in.constants[name]
			return ok
		},
		"constant": func(in *interpreter, f *frame, args []any) any {
			name, ok := argument(args, 0).(string)
			if !ok || strings.Contains(name, "::") {
				return Unknown{"constant()"}
			}
			return in.namedConstant(f, &phpsyntax.Constant{Name: name})
		},
		"getenv": func(in *interpreter, _ *frame, args []any) any { return in.environment(args, false) },
		"env":    func(in *interpreter, _ *frame, args []any) any { return in.environment(args, true) },
		"function_exists": func(in *interpreter, _ *frame, args []any) any {
			name, _ := argument(args, 0).(string)
			_, declared := in.functions[strings.ToLower(name)]
			_, known := functions[strings.ToLower(name)]
			return declared || known
		},
		"extension_loaded": func(*interpreter, *frame, []any) any { return true }, // pcntl, posix
		"class_exists": func(in *interpreter, _ *frame, args []any) any {
			name, _ := argument(args, 0).(string)
			return in.kind(strings.TrimPrefix(name, `\`)) != 0 || in.classes[strings.ToLower(name)] != nil
		},
		"php_sapi_name": func(*interpreter, *frame, []any) any { return "cli" },
		"gethostname": func(*interpreter, *frame, []any) any {
			return Unknown{"gethostname()"} // of this machine, which may be another
		},
		"json_encode": func(_ *interpreter, _ *frame, args []any) any {
			flags, _ := toInt(argument(args, 1)).(int64)
			return jsonText(argument(args, 0), flags)
		},
	}
	maps.Copy(functions, pathFunctions)
	for name, fn := range textFunctions {
		functions[name] = func(_ *interpreter, _ *frame, args []any) any { return fn(args) }
	}
	maps.Copy(functions, arrayFunctions)
	for _, name := range []string{
		"ini_set", "error_reporting", "date_default_timezone_set", "set_time_limit", "mb_internal_encoding", "umask",
		"set_error_handler", "register_shutdown_function", "spl_autoload_register", "gc_enable", "chdir", "usleep", "sleep",
		"var_dump", "print_r", "printf", "ob_start", "opcache_reset", "opcache_get_status", "clearstatcache", "mkdir", "touch",
	} {
		functions[name] = func(*interpreter, *frame, []any) any { return nil }
	}
}

func argument(args []any, n int) any {
	if n < len(args) {
		return args[n]
	}
	return nil
}

// environment is getenv, and env of the frameworks, which reads true, false and
// null, and .env.
func (in *interpreter) environment(args []any, framework bool) any {
	name, ok := argument(args, 0).(string)
	if !ok {
		return Unknown{"the environment"}
	}
	v, ok := os.LookupEnv(name)
	if !ok {
		v, ok = in.env[name]
	}
	switch {
	case !ok && framework:
		return argument(args, 1)
	case !ok:
		return false
	case !framework:
		return v
	}
	switch strings.ToLower(v) {
	case "true", "(true)":
		return true
	case "false", "(false)":
		return false
	case "null", "(null)":
		return nil
	case "empty", "(empty)":
		return ""
	}
	return v
}

// dotenv reads NAME=VALUE lines.
func dotenv(file string) map[string]string {
	env := map[string]string{}
	src, err := readSource(file)
	if err != nil {
		return env
	}
	for line := range strings.Lines(src) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') {
			if end := strings.IndexByte(value[1:], value[0]); end >= 0 {
				value = value[1 : 1+end]
			}
		} else if before, _, ok := strings.Cut(value, " #"); ok {
			value = strings.TrimSpace(before)
		}
		env[strings.TrimSpace(name)] = value
	}
	return env
}

// projectRoot is the folder above dir, or dir itself, that has a composer.json,
// a vendor folder or a .env; dir if none has.
func projectRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		for _, name := range []string{"composer.json", "vendor", ".env"} {
			if _, err := os.Stat(filepath.Join(d, name)); err == nil {
				return d
			}
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

var pathFunctions = map[string]builtin{
	"dirname": func(_ *interpreter, _ *frame, args []any) any {
		path, ok := argument(args, 0).(string)
		if !ok {
			return unknownOf(argument(args, 0), "dirname()")
		}
		levels, _ := toInt(argument(args, 1)).(int64)
		for range max(min(levels, 50), 1) {
			path = filepath.ToSlash(filepath.Dir(path))
		}
		return path
	},
	"basename": func(_ *interpreter, _ *frame, args []any) any {
		path, ok := argument(args, 0).(string)
		suffix, _ := argument(args, 1).(string)
		if !ok {
			return unknownOf(argument(args, 0), "basename()")
		}
		return strings.TrimSuffix(filepath.Base(path), suffix)
	},
	"realpath": func(_ *interpreter, _ *frame, args []any) any {
		path, ok := argument(args, 0).(string)
		if !ok {
			return unknownOf(argument(args, 0), "realpath()")
		}
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return false
		}
		return filepath.ToSlash(real)
	},
	"file_exists": exists(func(os.FileInfo) bool { return true }),
	"is_file":     exists(func(i os.FileInfo) bool { return i.Mode().IsRegular() }),
	"is_dir":      exists(os.FileInfo.IsDir),
	"is_readable": exists(func(os.FileInfo) bool { return true }),
	"glob": func(in *interpreter, f *frame, args []any) any {
		pattern, ok := argument(args, 0).(string)
		if !ok || strings.Contains(pattern, "{") {
			return unknownOf(argument(args, 0), "glob()")
		}
		files, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			return false
		}
		a := &Array{}
		for _, file := range files {
			a.add(filepath.ToSlash(file), 0)
		}
		return a
	},
	"base_path":    below(""),
	"run_path":     below(""),
	"app_path":     below("app"),
	"config_path":  below("config"),
	"runtime_path": below("runtime"),
	"public_path":  below("public"),
	"storage_path": below("storage"),
	"root_path":    below(""),
	"config":       configValue,
	"cpu_count":    func(*interpreter, *frame, []any) any { return int64(runtime.NumCPU()) },
}

func exists(is func(os.FileInfo) bool) builtin {
	return func(_ *interpreter, f *frame, args []any) any {
		path, ok := argument(args, 0).(string)
		if !ok {
			return unknownOf(argument(args, 0), "a file")
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(f.file), path)
		}
		info, err := os.Stat(path)
		return err == nil && is(info)
	}
}

// below is base_path and the like of webman, Laravel and ThinkPHP.
func below(dir string) builtin {
	return func(in *interpreter, _ *frame, args []any) any {
		path := filepath.Join(in.root, dir)
		if sub, ok := argument(args, 0).(string); ok {
			path = filepath.Join(path, sub)
		}
		return filepath.ToSlash(path)
	}
}

// configValue is config('file.key', default), of files in config/.
func configValue(in *interpreter, f *frame, args []any) any {
	name, ok := argument(args, 0).(string)
	parts := strings.Split(name, ".")
	path := filepath.Join(in.root, "config", parts[0]+".php")
	if !ok || !isFile(path) || strings.ContainsAny(parts[0], `/\`) {
		return Unknown{"config('" + name + "')"}
	}
	if in.calls++; in.calls > maxCalls {
		return Unknown{"config()"}
	}
	defer func() { in.calls-- }()
	fresh := &frame{vars: map[string]*any{}}
	fresh.globals = fresh
	v, err := in.include(fresh, path)
	if err != nil {
		return Unknown{"config('" + name + "')"}
	}
	for _, key := range parts[1:] {
		a, ok := v.(*Array)
		if !ok {
			return unknownOf(v, "config('"+name+"')")
		}
		e, found := a.Get(arrayKey(key))
		if !found {
			return argument(args, 1)
		}
		v = e.Value
	}
	return v
}
