#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "worker/chat/chat_template.h"

// Templates that want to cost too much, which are refused.

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string Times(int count, absl::string_view text) {
  std::string out;
  for (int i = 0; i < count; ++i) absl::StrAppend(&out, text);
  return out;
}

std::string Error(absl::string_view source, const ChatInput& input = {}) {
  const auto parsed = ChatTemplate::Parse(source, "t.jinja");
  if (!parsed.ok()) return parsed.status().ToString();
  return parsed->Render(input).status().ToString();
}

TEST(TemplateLimits, BoundMemoryBeforeItIsTaken) {
  for (const char* source : {"{{ 'a' * 10**9 }}", "{{ [1] * 10**9 }}", "{{ 'a'.center(10**12) }}",
                             "{{ '%1000000000s' % 1 }}", "{{ 'a'|indent(10**10, true) }}",
                             "{{ 'ab'|replace('', 'x' * 10**6)|replace('x', 'y' * 10**6) }}",
                             "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = "
                             "n.s + n.s %}{% endfor %}",
                             "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = "
                             "n.s + n.s %}{% endfor %}",
                             "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = "
                             "n.s ~ n.s %}{% endfor %}",
                             "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = "
                             "[n.s, n.s] %}{% endfor %}"
                             "{{ n.s|tojson }}"}) {
    EXPECT_THAT(Error(source), AnyOf(HasSubstr("bytes"), HasSubstr("steps"), HasSubstr("too large"),
                                     HasSubstr("nested")))
        << source;
  }
}

TEST(TemplateLimits, BoundTime) {
  EXPECT_THAT(Error("{{ range(10**9) }}"), HasSubstr("'range' gives 100000 integers at most"));
  EXPECT_THAT(
      Error("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"),
      AnyOf(HasSubstr("steps"), HasSubstr("bytes")));
  EXPECT_THAT(Error("{% set s = 'a' * 10**7 %}{% for i in range(99999) %}{% if s.upper() == s %}"
                    "{% endif %}{% endfor %}"),
              AnyOf(HasSubstr("steps"), HasSubstr("bytes")));
}

TEST(TemplateLimits, BoundTheStack) {
  EXPECT_THAT(Error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
              HasSubstr("does a macro call itself without end?"));
  for (const std::string& source :
       {"{{ " + Times(50'000, "(") + "1" + Times(50'000, ")") + " }}",
        "{{ " + Times(100'000, "not ") + "1 }}", "{{ " + Times(100'000, "-") + "1 }}",
        "{{ " + Times(50'000, "[") + "1" + Times(50'000, "]") + " }}",
        "{{ 1" + Times(100'000, " + 1") + " }}", "{{ x" + Times(100'000, ".a") + " }}",
        "{{ x" + Times(100'000, "|trim") + " }}", "{{ 1" + Times(50'000, " if 1 else 1") + " }}",
        Times(40'000, "{% if 1 %}"),
        "{% for " + Times(50'000, "(") + "a" + Times(50'000, ")") + " in x %}{% endfor %}"}) {
    EXPECT_THAT(Error(source), HasSubstr("deep")) << source.substr(0, 30);
  }
}

TEST(TemplateLimits, BoundNestedValues) {
  const std::string nest = "{% set n = namespace(s=[]) %}{% for i in range(9999) %}{% set n.s = ";
  EXPECT_THAT(Error(nest + "[n.s] %}{% endfor %}{{ n.s }}"), HasSubstr("nested too deeply"));
  EXPECT_THAT(Error(nest + "[n.s] %}{% endfor %}{{ n.s|tojson }}"), HasSubstr("nested too deeply"));
  EXPECT_THAT(Error(nest + "[n.s] %}{% endfor %}{{ n.s == [n.s] }}{{ n.s < n.s }}"),
              AnyOf(HasSubstr("nested too deeply"), HasSubstr("OK")));
  EXPECT_THAT(Error(nest + "(n.s,) %}{% endfor %}{{ {n.s: 1} }}"), HasSubstr("INVALID_ARGUMENT"));
  EXPECT_THAT(Error("{% set n = namespace() %}{% set n.n = n %}{{ n.n.n.n }}"),
              HasSubstr("INVALID_ARGUMENT"));
  ChatInput input;
  for (int i = 0; i < 10'000; ++i) input.messages = Json::array({std::move(input.messages)});
  EXPECT_THAT(Error("", input), HasSubstr("nested more than"));
}

TEST(TemplateLimits, RefuseWhatIsNotText) {
  EXPECT_THAT(Error("\xff"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(Error(std::string(2 << 20, ' ')), HasSubstr("more than 1048576 bytes"));
  EXPECT_THAT(Error("{{ '\\ud800' }}"), HasSubstr("no character"));
  ChatInput input;
  input.variables = Json{{"x", "\xff"}};
  EXPECT_THAT(Error("", input), HasSubstr("not valid UTF-8"));
}

}  // namespace
}  // namespace ropewalk
