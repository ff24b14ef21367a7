#include "services/common/http_session_request.h"

#include <boost/beast/core/string.hpp>
#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ropewalk {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

// Nearest to the client is what the first of several proxies says.
bool IsEncryptedBeforeProxy(const HttpRequest& request) {
  const std::string protocols = request.header("x-forwarded-proto");
  const absl::string_view first = absl::string_view(protocols).substr(0, protocols.find(','));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(first), "https");
}

// Empty: none.
std::string FaultOf(const HttpRequestHeader& header) {
  const bool is_1_1 = header.version() >= 11;
  const size_t encodings = header.count(http::field::transfer_encoding);
  if (encodings > 0 && !is_1_1) return "HTTP/1.0 has no Transfer-Encoding";
  if (encodings > 1 ||
      (encodings == 1 &&
       !absl::EqualsIgnoreCase(ToString(header[http::field::transfer_encoding]), "chunked"))) {
    return "Transfer-Encoding can only be chunked";
  }
  const size_t hosts = header.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && is_1_1)) return "there must be one Host";
  return "";
}

}  // namespace

HttpRequest ToRequest(const HttpRequestHeader& header, bool encrypted) {
  HttpRequest request;
  request.method = ToString(header.method_string());
  const std::string target = ToString(header.target());
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  for (const auto& field : header) {
    request.headers[absl::AsciiStrToLower(ToString(field.name_string()))] = ToString(field.value());
  }
  if (encrypted || IsEncryptedBeforeProxy(request)) request.scheme = "https";
  return request;
}

std::optional<HttpResponse> RefusalOf(const HttpRequestHeader& header,
                                      std::optional<uint64_t> length) {
  constexpr uint64_t kMostBytes = std::numeric_limits<int64_t>::max();
  const std::string fault = FaultOf(header);
  if (!fault.empty()) return ErrorResponse(400, fault);
  if (length.has_value() && *length > kMostBytes) {
    return ErrorResponse(413, absl::StrCat("a body of ", *length, " bytes is too long"));
  }
  return std::nullopt;
}

}  // namespace ropewalk
