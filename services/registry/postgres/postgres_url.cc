#include "services/registry/postgres/postgres_url.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "services/common/url.h"

namespace ropewalk {
namespace {

using Keywords = std::map<std::string, std::string>;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("this is not the URL of a PostgreSQL database: ", what,
                   "; give postgres://user:password@host:port/database, with characters that are "
                   "special in URLs percent-encoded (@ as %40, / as %2F, % as %25)"));
}

absl::Status Set(const std::string& keyword, absl::string_view encoded, Keywords* keywords) {
  const std::optional<std::string> value = PercentDecode(encoded);
  if (!value.has_value()) return Wrong("a '%' in it is not followed by two hex digits");
  if (!value->empty()) (*keywords)[keyword] = *value;
  return absl::OkStatus();
}

absl::Status AddUser(absl::string_view user_and_password, Keywords* keywords) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(user_and_password, absl::MaxSplits(':', 1));
  RETURN_IF_ERROR(Set("user", parts.first, keywords));
  return Set("password", parts.second, keywords);
}

bool IsPort(absl::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// "host:port", "[address]:port", "host" or "".
absl::Status AddHost(absl::string_view text, std::vector<std::string>* hosts,
                     std::vector<std::string>* ports) {
  size_t end = text.find(':');
  if (absl::StartsWith(text, "[")) end = text.find(']') + 1;
  const absl::string_view host = text.substr(0, end);
  absl::string_view port = text.substr(std::min(end, text.size()));
  if (absl::StartsWith(host, "[") != absl::EndsWith(host, "]")) return Wrong("a '[' is not closed");
  if (!port.empty() && !absl::ConsumePrefix(&port, ":")) return Wrong("no ':' follows the ']'");
  if (!IsPort(port)) return Wrong("a port is not a number");
  const std::optional<std::string> decoded = PercentDecode(host);
  if (!decoded.has_value()) return Wrong("a '%' in it is not followed by two hex digits");
  const bool bracketed = absl::StartsWith(host, "[");
  hosts->push_back(bracketed ? decoded->substr(1, decoded->size() - 2) : *decoded);
  ports->emplace_back(port);
  return absl::OkStatus();
}

absl::Status AddHosts(absl::string_view text, Keywords* keywords) {
  std::vector<std::string> hosts, ports;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    RETURN_IF_ERROR(AddHost(item, &hosts, &ports));
  }
  const auto empty = [](const std::string& item) { return item.empty(); };
  const bool any_host = !std::all_of(hosts.begin(), hosts.end(), empty);
  const bool any_port = !std::all_of(ports.begin(), ports.end(), empty);
  if (any_host) (*keywords)["host"] = absl::StrJoin(hosts, ",");
  if (any_port) (*keywords)["port"] = absl::StrJoin(ports, ",");
  return absl::OkStatus();
}

absl::Status AddParameters(absl::string_view query, Keywords* keywords) {
  for (const absl::string_view item : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, absl::MaxSplits('=', 1));
    const auto is_keyword = [](char c) { return absl::ascii_islower(c) || c == '_'; };
    if (parts.size() != 2 || parts[0].empty() ||
        !std::all_of(parts[0].begin(), parts[0].end(), is_keyword)) {
      return Wrong("what follows the '?' is not keyword=value");
    }
    RETURN_IF_ERROR(Set(std::string(parts[0]), parts[1], keywords));
  }
  return absl::OkStatus();
}

absl::StatusOr<Keywords> Parse(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "postgres://") && !absl::ConsumePrefix(&url, "postgresql://")) {
    return Wrong("it does not begin with postgres://");
  }
  const size_t authority_end = std::min(url.find_first_of("/?"), url.size());
  absl::string_view authority = url.substr(0, authority_end);
  absl::string_view rest = url.substr(authority_end);
  const size_t at = authority.find('@');
  if (absl::StrContains(rest, '@') || (at != authority.npos && at != authority.rfind('@'))) {
    return Wrong("there is a '@' that does not stand between user and host");
  }
  Keywords keywords;
  if (at != authority.npos) {
    RETURN_IF_ERROR(AddUser(authority.substr(0, at), &keywords));
    authority.remove_prefix(at + 1);
  }
  RETURN_IF_ERROR(AddHosts(authority, &keywords));
  const size_t path_end = std::min(rest.find('?'), rest.size());
  absl::string_view path = rest.substr(0, path_end);
  absl::ConsumePrefix(&path, "/");
  RETURN_IF_ERROR(Set("dbname", path, &keywords));
  absl::string_view query = rest.substr(path_end);
  absl::ConsumePrefix(&query, "?");
  RETURN_IF_ERROR(AddParameters(query, &keywords));
  return keywords;
}

// The kernel's keepalives notice a host that is gone while an answer is waited for,
// tcp_user_timeout one that is gone while something is sent.
Keywords Defaults(absl::Duration connect_timeout) {
  // libpq takes whole seconds, and makes one second two.
  const int64_t connect_s = absl::ToInt64Seconds(absl::Ceil(connect_timeout, absl::Seconds(1)));
  return {{"application_name", "ropewalk-registry"},
          {"connect_timeout", absl::StrCat(connect_s)},
          {"keepalives_count", "3"},
          {"keepalives_idle", "10"},
          {"keepalives_interval", "5"},
          {"target_session_attrs", "read-write"},
          {"tcp_user_timeout", "25000"}};
}

std::string Quoted(absl::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

absl::StatusOr<std::string> PostgresConnectionString(absl::string_view url,
                                                     absl::Duration connect_timeout) {
  ASSIGN_OR_RETURN(Keywords keywords, Parse(url));
  keywords.merge(Defaults(connect_timeout));
  keywords["client_encoding"] = "UTF8";
  return absl::StrJoin(keywords, " ", [](std::string* out, const Keywords::value_type& keyword) {
    absl::StrAppend(out, keyword.first, "=", Quoted(keyword.second));
  });
}

}  // namespace ropewalk
