// Package browsertest is headless Chromium for the tests of web pages: a browser
// that reaches no host but this machine, tabs of it, and steps that wait for what
// the page shows. A page that throws, or opens a dialog that the test does not
// expect, fails the test.
//
// Tests that use it are skipped where there is no Chromium; a package's TestMain
// calls [PrintSkipped], which says how many.
package browsertest
