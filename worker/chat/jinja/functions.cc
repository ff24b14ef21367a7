#include "worker/chat/jinja/functions.h"

#include <ctime>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/text.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

absl::StatusOr<Value> RangeOf(Runtime& runtime, const Value& self, const Arguments& arguments) {
  if (!arguments.named.empty()) return absl::InvalidArgumentError("'range' takes no named values");
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("range", arguments, {"start", "stop", "step"}, 1));
  ASSIGN_OR_RETURN(const int64_t first, IntOf("range", a[0]));
  ASSIGN_OR_RETURN(const int64_t second, IntOr("range", a[1], first));
  ASSIGN_OR_RETURN(const int64_t step, IntOr("range", a[2], 1));
  const int64_t start = a[1].is_absent() ? 0 : first;
  if (step == 0) return absl::InvalidArgumentError("the step of 'range' is zero");
  // In 128 bits, which hold any difference of two integers.
  const __int128 distance = static_cast<__int128>(second) - start;
  const __int128 count = step > 0 ? (distance + step - 1) / step : (distance + step + 1) / step;
  if (count > kMaxRange) {
    return absl::InvalidArgumentError(
        absl::StrCat("'range' gives ", kMaxRange, " integers at most"));
  }
  Sequence range{{}, {}, start, second, step};
  for (__int128 i = 0; i < count && distance / step >= 0; ++i) {
    range.items.push_back(Value::Int(static_cast<int64_t>(start + i * step)));
  }
  RETURN_IF_ERROR(runtime.budget.Step(static_cast<int64_t>(range.items.size() / 16)));
  return runtime.heap.Items(Kind::kRange, std::move(range));
}

// dict(a_dict_or_pairs, name=value, ...)
absl::StatusOr<Dict> DictOf(Runtime& runtime, const Arguments& arguments) {
  Dict dict;
  if (arguments.positional.size() > 1) return absl::InvalidArgumentError("'dict' takes one value");
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.is(Kind::kDict)) {
      dict = from.dict();
    } else {
      ASSIGN_OR_RETURN(const std::vector<Value> pairs, Iterate(runtime, from));
      for (const Value& pair : pairs) {
        ASSIGN_OR_RETURN(const std::vector<Value> entry, Iterate(runtime, pair));
        if (entry.size() != 2) return absl::InvalidArgumentError("'dict' takes pairs");
        RETURN_IF_ERROR(CheckHashable(entry[0]));
        RETURN_IF_ERROR(runtime.budget.Step(entry[0].is_string() ? 1 : dict.entries.size()));
        dict.Insert(entry[0], entry[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) dict.Insert(Value::String(name), value);
  return dict;
}

absl::StatusOr<Value> MakeDict(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(Dict dict, DictOf(runtime, arguments));
  return runtime.heap.Make(std::move(dict));
}

absl::StatusOr<Value> MakeNamespace(Runtime& runtime, const Value& self,
                                    const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Dict dict, DictOf(runtime, arguments));
  Namespace names;
  for (const auto& [key, value] : dict.entries) {
    if (!key.is_string()) continue;  // cannot be reached by any name
    if (absl::StartsWith(key.text(), "_")) {
      return absl::InvalidArgumentError("a namespace keeps no names that begin with '_'");
    }
    names.values[key.text()] = value;
  }
  return runtime.heap.Make(std::move(names));
}

// Nothing the first time it is called, then the separator.
absl::StatusOr<Value> CallJoiner(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("joiner", arguments, {}).status());
  Value& separator = self.names()->values["separator"];
  Value& used = self.names()->values["used"];
  if (Truth(used)) return separator;
  used = Value::Bool(true);
  return Value::String("");
}

absl::StatusOr<Value> MakeJoiner(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("joiner", arguments, {"sep"}));
  Namespace state;
  state.values["separator"] = a[0].is_absent() ? Value::String(", ") : a[0];
  state.values["used"] = Value::Bool(false);
  ASSIGN_OR_RETURN(const Value names, runtime.heap.Make(std::move(state)));
  return runtime.heap.Make(Callable{"joiner", CallJoiner, names});
}

absl::StatusOr<Value> RaiseException(Runtime& runtime, const Value& self,
                                     const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("raise_exception", arguments, {"message"}, 1));
  std::string message;
  RETURN_IF_ERROR(AppendStr(runtime, a[0], &message));
  return absl::InvalidArgumentError(absl::StrCat("the template refuses: ", message));
}

absl::StatusOr<Value> StrftimeNow(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("strftime_now", arguments, {"format"}, 1));
  ASSIGN_OR_RETURN(const absl::string_view given, TextOf("strftime_now", a[0]));
  if (given.size() > 1000 || absl::StrContains(given, '\0')) {
    return absl::InvalidArgumentError("the format of 'strftime_now' is too long");
  }
  const absl::TimeZone zone = absl::LocalTimeZone();
  const int64_t microsecond = absl::ToInt64Microseconds(zone.At(runtime.now).subsecond);
  std::string format;  // Python adds %f to what C knows
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] == '%' && i + 1 < given.size()) {
      const char letter = given[++i];
      format += letter == 'f' ? absl::StrFormat("%06d", microsecond) : std::string{'%', letter};
    } else {
      format += given[i];
    }
  }
  const std::tm now = absl::ToTM(runtime.now, zone);
  std::string text(256 * (format.size() + 1), '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &now));
  return runtime.heap.String(std::move(text));
}

}  // namespace

absl::Status AddFunctions(Runtime& runtime, Frame* frame) {
  static constexpr std::pair<absl::string_view, Native> kFunctions[] = {
      {"range", RangeOf},
      {"dict", MakeDict},
      {"namespace", MakeNamespace},
      {"joiner", MakeJoiner},
      {"raise_exception", RaiseException},
      {"strftime_now", StrftimeNow}};
  for (const auto& [name, function] : kFunctions) {
    ASSIGN_OR_RETURN(frame->values[name],
                     runtime.heap.Make(Callable{name, function, Value::Absent()}));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk::jinja
