#pragma once

#include <boost/beast/http.hpp>
#include <cstdint>
#include <optional>

#include "services/common/http_handler.h"

namespace ropewalk {

// What an HttpSession makes of a header that could be parsed. Pure.

using HttpRequestHeader = boost::beast::http::request_header<>;

// `encrypted`: the connection is.
HttpRequest ToRequest(const HttpRequestHeader& header, bool encrypted);

// The answer to a header after which a proxy may see the request's end, or its host, elsewhere than
// this server (RFC 9112, 3.2 and 6), or whose length no number here can hold. The connection must
// be closed after it. `length`: of the body, if it is announced.
std::optional<HttpResponse> RefusalOf(const HttpRequestHeader& header,
                                      std::optional<uint64_t> length);

}  // namespace ropewalk
