#include "worker/chat/jinja/percent_format.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Text = absl::string_view;

// %[(name)][flags][width][.precision]type
struct Spec {
  Text name;
  bool has_name = false;
  std::string flags;
  int64_t width = 0;
  int64_t precision = -1;
  char type = '\0';
};

class Formatter {
 public:
  Formatter(Runtime* runtime, Text format, const Value& values)
      : runtime_(*runtime), rest_(format), values_(values) {
    if (values.is(Kind::kTuple))
      positional_ = values.sequence().items;
    else
      positional_ = {values};
  }

  absl::StatusOr<Value> Run() {
    std::string out;
    while (!rest_.empty()) {
      const size_t percent = std::min(rest_.find('%'), rest_.size());
      absl::StrAppend(&out, rest_.substr(0, percent));
      rest_.remove_prefix(percent);
      if (!rest_.empty()) RETURN_IF_ERROR(AppendField(&out));
      RETURN_IF_ERROR(runtime_.budget.Fits(1, out.size()));
    }
    // What Python could look up names in may stay unused.
    const bool mapping = values_.is(Kind::kDict) || values_.is(Kind::kList) ||
                         values_.is(Kind::kRange) || values_.is(Kind::kUndefined);
    if (next_ < positional_.size() && !mapping) {
      return absl::InvalidArgumentError("'%' is given more values than its format takes");
    }
    return runtime_.heap.String(std::move(out));
  }

 private:
  absl::Status AppendField(std::string* out) {
    rest_.remove_prefix(1);
    ASSIGN_OR_RETURN(const Spec spec, TakeSpec());
    if (spec.type == '%') {
      *out += '%';
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Value value, TakeValue(spec));
    ASSIGN_OR_RETURN(const std::string text, Convert(spec, value));
    RETURN_IF_ERROR(runtime_.budget.Fits(1, out->size() + text.size() + spec.width));
    const auto length = static_cast<int64_t>(CharacterCount(text));
    const std::string padding(std::max<int64_t>(0, spec.width - length), ' ');
    const bool left = absl::StrContains(spec.flags, '-');
    absl::StrAppend(out, left ? "" : padding, text, left ? padding : "");
    return absl::OkStatus();
  }

  absl::StatusOr<Spec> TakeSpec() {
    Spec spec;
    if (absl::ConsumePrefix(&rest_, "(")) {
      const size_t end = rest_.find(')');
      if (end == rest_.npos) return absl::InvalidArgumentError("'%(' is not closed");
      spec.name = rest_.substr(0, end);
      spec.has_name = true;
      rest_.remove_prefix(end + 1);
    }
    while (!rest_.empty() && absl::StrContains("-+ 0#", rest_[0])) {
      spec.flags += rest_[0];
      rest_.remove_prefix(1);
    }
    ASSIGN_OR_RETURN(spec.width, TakeNumber(0));
    if (absl::ConsumePrefix(&rest_, ".")) {
      ASSIGN_OR_RETURN(spec.precision, TakeNumber(0));
    }
    if (rest_.empty()) return absl::InvalidArgumentError("a format ends with an unfinished '%'");
    spec.type = rest_[0];
    rest_.remove_prefix(1);
    return spec;
  }

  absl::StatusOr<int64_t> TakeNumber(int64_t otherwise) {
    int64_t value = otherwise;
    for (; !rest_.empty() && IsDigit(rest_[0]); rest_.remove_prefix(1)) {
      value = value * 10 + (rest_[0] - '0');
      if (value > 1'000'000) return absl::InvalidArgumentError("a width in a format is too large");
    }
    return value;
  }

  absl::StatusOr<Value> TakeValue(const Spec& spec) {
    if (spec.has_name) {
      if (!values_.is(Kind::kDict)) {
        return absl::InvalidArgumentError("'%(name)' takes its values from a dict");
      }
      const Value* const found = values_.dict().Find(spec.name);
      if (found == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat("'%' is not given '", spec.name, "'"));
      }
      return *found;
    }
    if (next_ == positional_.size()) {
      return absl::InvalidArgumentError("'%' is given fewer values than its format takes");
    }
    return positional_[next_++];
  }

  absl::StatusOr<std::string> Convert(const Spec& spec, const Value& value) {
    if (spec.type == 's' || spec.type == 'r' || spec.type == 'a') return ConvertText(spec, value);
    if (spec.type == 'c' && value.is_string() && CharacterCount(value.text()) == 1) {
      return std::string(value.text());
    }
    if (!absl::StrContains("diuxXoeEfFgG", spec.type) || spec.precision > 200) {
      return absl::InvalidArgumentError(
          absl::StrCat("'%", Text(&spec.type, 1), "' is not supported for this value"));
    }
    if (!value.is_number()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'%", Text(&spec.type, 1), "' takes a number, not a ", TypeName(value)));
    }
    return ConvertNumber(spec, value);
  }

  absl::StatusOr<std::string> ConvertText(const Spec& spec, const Value& value) {
    std::string text;
    RETURN_IF_ERROR(spec.type == 's' ? AppendStr(runtime_, value, &text)
                                     : AppendRepr(runtime_, value, &text));
    if (spec.type == 'a') return absl::InvalidArgumentError("'%a' is not supported");
    if (spec.precision < 0) return text;
    const std::vector<size_t> offsets = CharacterOffsets(text);
    return text.substr(0, offsets[std::min<size_t>(spec.precision, offsets.size() - 1)]);
  }

  absl::StatusOr<std::string> ConvertNumber(const Spec& spec, const Value& value) {
    std::string digits;
    bool negative = std::signbit(value.number());
    const int precision = static_cast<int>(spec.precision);
    if (absl::StrContains("diuxXo", spec.type)) {
      if (absl::StrContains("xXo", spec.type) && !value.is_integral()) {
        return absl::InvalidArgumentError("'%x' takes an integer");
      }
      if (!value.is_integral() && !(std::fabs(value.number()) < 9e18)) {
        return absl::InvalidArgumentError("'%d' is given a number that is too large");
      }
      const int64_t integer =
          value.is_integral() ? value.integer() : static_cast<int64_t>(value.number());
      negative = integer < 0;
      const uint64_t size = negative ? -static_cast<uint64_t>(integer) : integer;
      const char type = spec.type;
      digits = type == 'x'   ? absl::StrFormat("%x", size)
               : type == 'X' ? absl::StrFormat("%X", size)
               : type == 'o' ? absl::StrFormat("%o", size)
                             : absl::StrCat(size);
      if (precision > static_cast<int>(digits.size())) {
        digits.insert(0, precision - digits.size(), '0');
      }
    } else {
      const double size = std::fabs(value.number());
      const int places = precision < 0 ? 6 : precision;
      const char type = spec.type | 0x20;
      digits = type == 'e'   ? absl::StrFormat("%.*e", places, size)
               : type == 'f' ? absl::StrFormat("%.*f", places, size)
                             : absl::StrFormat("%.*g", places, size);
      if (spec.type < 'a') digits = Upper(digits);
    }
    if (absl::StrContains(spec.flags, '#')) {
      return absl::InvalidArgumentError("the flag '#' of '%' is not supported");
    }
    const bool plus = absl::StrContains(spec.flags, '+');
    const Text sign = negative ? "-" : plus ? "+" : absl::StrContains(spec.flags, ' ') ? " " : "";
    const bool zeros = absl::StrContains(spec.flags, '0') && !absl::StrContains(spec.flags, '-');
    const int64_t fill = spec.width - static_cast<int64_t>(sign.size() + digits.size());
    return absl::StrCat(sign, std::string(zeros && fill > 0 ? fill : 0, '0'), digits);
  }

  Runtime& runtime_;
  Text rest_;
  const Value values_;
  std::vector<Value> positional_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<Value> PercentFormat(Runtime& runtime, Text format, const Value& values) {
  return Formatter(&runtime, format, values).Run();
}

}  // namespace ropewalk::jinja
