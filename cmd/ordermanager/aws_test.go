package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// alone lets a test choose the whole AWS configuration.
func alone(t *testing.T, endpoint string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") && name != "AWS_CA_BUNDLE" {
			t.Setenv(name, "") // so that it comes back
			_ = os.Unsetenv(name)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "nothing")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere,
		"AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

// refusing answers every request with an error of DynamoDB.
func refusing(t *testing.T, code, message string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":%q}`, code, message)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTables_thatCannotBeUsedAreNamedOnOneLine(t *testing.T) {
	for _, c := range []struct{ code, message, want string }{
		{
			"ResourceNotFoundException", "Requested resource not found",
			"there is no such table in the region eu-west-1 for these credentials; create one with: " +
				"ordermanager table create dynamodb:cups --layout workshop",
		},
		{
			"ValidationException", "The table does not have the specified index: GSI-status",
			"it lacks an index; see what is missing with: ordermanager table check " +
				"dynamodb:cups --layout workshop; " +
				"add the index that only redrive needs with: ordermanager table add-index dynamodb:cups --layout workshop " +
				"(ValidationException: The table does not have the specified index: GSI-status)",
		},
		{
			"ValidationException", "The provided key element does not match the schema",
			"its keys are not those of the layout workshop; see what differs with: ordermanager table check dynamodb:cups " +
				"--layout workshop " +
				"(ValidationException: The provided key element does not match the schema)",
		},
		{
			"AccessDeniedException", "not today",
			"access to GetItem is denied; the policies that are needed are in docs/aws.md (AccessDeniedException: not today)",
		},
		{
			"ExpiredTokenException", "too late",
			"the credentials are missing, wrong or expired; sign in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID " +
				"(ExpiredTokenException: too late)",
		},
		{"ThrottlingException", "slowly", "it is throttled; try again later (ThrottlingException: slowly)"},
		{"NobodyKnowsException", "what", "GetItem failed: NobodyKnowsException: what; " +
			"try again, and see docs/aws.md if it keeps failing"},
	} {
		t.Run(c.code+" "+c.message, func(t *testing.T) {
			alone(t, refusing(t, c.code, c.message))
			for _, command := range [][]string{{"orders"}, {"show", "1"}, {"redrive"}, {"watch"}, {"exec"}} {
				code, stdout, stderr := invoke(t, "{}", append(command, "--store", "dynamodb:cups", "--layout", "workshop")...)
				if want := "ordermanager: table cups: " + c.want + "\n"; code != exitFailed || stdout != "" || stderr != want {
					t.Errorf("%v: exit code %d, stdout %q\nstderr %q\nwant   %q", command, code, stdout, stderr, want)
				}
			}
			code, _, stderr := invoke(t, "", "exec", "--menu", "dynamodb:menus", "--layout", "workshop")
			if code != exitFailed || !strings.HasPrefix(stderr, "ordermanager: table menus: ") ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("menu: exit code %d, stderr %q", code, stderr)
			}
		})
	}
}

func TestEndpoints_thatDoNotAnswerAreNamed(t *testing.T) {
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	list, check := []string{"orders", "--store", "dynamodb:cups"}, []string{"table", "check", "dynamodb:cups"}
	for about, c := range map[string]struct {
		listener net.Listener
		commands [][]string
	}{
		"refuses": {closed, [][]string{list, check}}, "is silent": {silent, [][]string{check}}, // which takes ten seconds
	} {
		t.Run(about, func(t *testing.T) {
			url := "http://" + c.listener.Addr().String()
			alone(t, url)
			for _, args := range c.commands {
				code, stdout, stderr := invoke(t, "", args...)
				prefix := `ordermanager: table cups: there was no answer; check the network, the region eu-west-1 and ` +
					`AWS_ENDPOINT_URL_DYNAMODB (Post "` + url
				if code != exitFailed || stdout != "" || !strings.HasPrefix(stderr, prefix) || strings.Count(stderr, "\n") != 1 {
					t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
				}
			}
		})
	}
}

func TestConfiguration_thatIsIncompleteIsSaidSo(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"AWS_REGION", "", "no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one"},
		{"AWS_PROFILE", "nobody", "the AWS configuration cannot be used: failed to get shared config profile, nobody"},
		{"AWS_ACCESS_KEY_ID", "", "table cups: the credentials are missing, wrong or expired; sign in again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone(t, refusing(t, "ResourceNotFoundException", "never reached"))
			t.Setenv(c.name, c.value)
			for _, args := range [][]string{
				{"orders", "--store", "dynamodb:cups"}, {"table", "create", "dynamodb:cups"}, {"exec", "--store", "dynamodb:cups"},
			} {
				code, _, stderr := invoke(t, "", args...)
				if code != exitFailed || !strings.Contains(stderr, "ordermanager: "+c.want) {
					t.Errorf("%v: exit code %d, stderr %q", args, code, stderr)
				}
			}
		})
	}
}

// The workflows of orders in a table are somewhere else: one in this process would call their tokens gone.
func TestExec_refusesTheLocalWorkflowForOrdersInATable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	alone(t, server.URL)
	for _, command := range []string{"exec", "redrive"} {
		code, _, stderr := invoke(t, "", command, "--store", "dynamodb:cups", "--resume", "local")
		want := "ordermanager: --resume local does not know the workflows of orders in DynamoDB; there are: stepfunctions, " +
			"durable, none\n"
		if code != exitFailed || stderr != want {
			t.Errorf("%s: exit code %d, stderr %q", command, code, stderr)
		}
	}
}

func TestOpenResumer_defaultsToWhereTheWorkflowsAre(t *testing.T) {
	alone(t, "http://127.0.0.1:1")
	for remote, want := range map[bool]string{true: "*sfnresumer.Resumer", false: "*memory.Workflow"} {
		resumer, _, err := (&backends{remote: remote}).openResumer(context.Background(), "")
		if got := fmt.Sprintf("%T", resumer); got != want || err != nil {
			t.Errorf("orders in DynamoDB %v: %s, %v", remote, got, err)
		}
	}
}
