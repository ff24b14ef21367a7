// The part of Evaluator that calls filters, tests, functions, methods and macros.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/evaluator.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/nesting.h"

namespace ropewalk::jinja {
namespace {

// What looking at a value once may cost.
size_t Bytes(const Value& value) {
  if (value.is_string()) return value.text().size();
  if (value.is_sequence()) return value.sequence().items.size() * sizeof(Value);
  if (value.is(Value::Kind::kDict)) return value.dict().entries.size() * 2 * sizeof(Value);
  return 0;
}

absl::Status AddNamed(Runtime& runtime, const Value& dict, Arguments* arguments) {
  if (!dict.is(Value::Kind::kDict)) {
    return absl::InvalidArgumentError("'**' takes a dict of arguments");
  }
  RETURN_IF_ERROR(runtime.budget.Step(dict.dict().entries.size()));
  for (const auto& [key, value] : dict.dict().entries) {
    if (!key.is_string()) return absl::InvalidArgumentError("'**' takes a dict of arguments");
    arguments->named.emplace_back(key.text(), value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Arguments> Evaluator::EvalArguments(const CallArguments& arguments, Frame* frame) {
  Arguments result;
  for (const ExprPtr& expression : arguments.positional) {
    ASSIGN_OR_RETURN(result.positional.emplace_back(), Eval(*expression, frame));
  }
  for (const auto& [name, expression] : arguments.named) {
    ASSIGN_OR_RETURN(Value value, Eval(*expression, frame));
    result.named.emplace_back(name, value);
  }
  if (arguments.star != nullptr) {
    ASSIGN_OR_RETURN(const Value list, Eval(*arguments.star, frame));
    ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime_, list));
    result.positional.insert(result.positional.end(), items.begin(), items.end());
  }
  if (arguments.star_star != nullptr) {
    ASSIGN_OR_RETURN(const Value dict, Eval(*arguments.star_star, frame));
    RETURN_IF_ERROR(AddNamed(runtime_, dict, &result));
  }
  return result;
}

absl::StatusOr<Value> Evaluator::EvalNode(const Call& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value callee, Eval(*node.callee, frame));
  const int line = line_;
  ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(node.arguments, frame));
  line_ = line;
  return CallValue(callee, arguments);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Filter& node, Frame* frame) {
  const int line = line_;
  ASSIGN_OR_RETURN(const Value operand, Eval(*node.operand, frame));
  ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(node.arguments, frame));
  line_ = line;
  return CallNative(node.function, operand, arguments);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Test& node, Frame* frame) {
  const int line = line_;
  ASSIGN_OR_RETURN(const Value operand, Eval(*node.operand, frame));
  ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(node.arguments, frame));
  line_ = line;
  return CallNative(node.function, operand, arguments);
}

absl::StatusOr<Value> Evaluator::ApplyFilters(const std::vector<ExprPtr>& filters, Value value,
                                              Frame* frame) {
  for (const ExprPtr& expression : filters) {
    const Filter& filter = std::get<Filter>(expression->node);
    ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(filter.arguments, frame));
    ASSIGN_OR_RETURN(value, CallNative(filter.function, value, arguments));
  }
  return value;
}

absl::StatusOr<Value> Evaluator::CallNative(Native function, const Value& self,
                                            const Arguments& arguments) {
  size_t bytes = Bytes(self);
  for (const Value& value : arguments.positional) bytes += Bytes(value);
  for (const auto& [name, value] : arguments.named) bytes += Bytes(value);
  RETURN_IF_ERROR(runtime_.budget.Scan(bytes));
  return function(runtime_, self, arguments);
}

absl::StatusOr<Value> Evaluator::CallValue(const Value& callee, const Arguments& arguments) {
  if (callee.is(Value::Kind::kUndefined)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", callee.text(), "' is undefined and cannot be called"));
  }
  if (!callee.is(Value::Kind::kCallable)) {
    return absl::InvalidArgumentError(absl::StrCat("a ", TypeName(callee), " cannot be called"));
  }
  const Callable& callable = callee.callable();
  if (callable.macro != nullptr) return CallMacro(callable, arguments);
  return CallNative(callable.native, callable.self, arguments);
}

absl::StatusOr<Value> Evaluator::CallMacro(const Callable& callable, Arguments arguments) {
  const Nesting nesting(this, line_);
  RETURN_IF_ERROR(nesting.Check());
  ASSIGN_OR_RETURN(Frame* const frame, runtime_.heap.NewFrame(callable.scope));
  RETURN_IF_ERROR(BindParameters(*callable.macro, std::move(arguments), frame));
  return Capture(callable.macro->body, frame);
}

absl::Status Evaluator::BindParameters(const Macro& macro, Arguments arguments, Frame* frame) {
  const size_t count = macro.parameters.size();
  for (size_t i = 0; i < count; ++i) {
    const absl::string_view name = macro.parameters[i];
    const auto named = std::find_if(arguments.named.begin(), arguments.named.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (i < arguments.positional.size()) {
      frame->values[name] = arguments.positional[i];
      continue;
    }
    if (named != arguments.named.end()) {
      frame->values[name] = named->second;
      arguments.named.erase(named);
      continue;
    }
    const size_t first_default = count - macro.defaults.size();
    frame->values[name] = Value::Undefined(name);
    if (i < first_default) continue;
    ASSIGN_OR_RETURN(frame->values[name], Eval(*macro.defaults[i - first_default], frame));
  }
  const size_t given = std::min(count, arguments.positional.size());
  arguments.positional.erase(arguments.positional.begin(), arguments.positional.begin() + given);
  return BindSpecialNames(macro, std::move(arguments), frame);
}

absl::Status Evaluator::BindSpecialNames(const Macro& macro, Arguments rest, Frame* frame) {
  const auto caller = std::find_if(rest.named.begin(), rest.named.end(),
                                   [](const auto& entry) { return entry.first == "caller"; });
  if (macro.takes_caller) {
    frame->values["caller"] = Value::Undefined("caller");
    if (caller != rest.named.end()) {
      frame->values["caller"] = caller->second;
      rest.named.erase(caller);
    }
  }
  if (macro.takes_kwargs) {
    Dict dict;
    for (const auto& [name, value] : rest.named) dict.Insert(Value::String(name), value);
    ASSIGN_OR_RETURN(frame->values["kwargs"], runtime_.heap.Make(std::move(dict)));
  } else if (!rest.named.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the macro '", macro.name,
                                                   "' takes no argument '", rest.named[0].first,
                                                   "', or takes it once"));
  }
  if (macro.takes_varargs) {
    ASSIGN_OR_RETURN(frame->values["varargs"], runtime_.heap.Tuple(std::move(rest.positional)));
  } else if (!rest.positional.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the macro '", macro.name,
                                                   "' takes not more than ",
                                                   macro.parameters.size(), " arguments"));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk::jinja
