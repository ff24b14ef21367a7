// The part of ExpressionParser that reads operands and what is applied to them.

#include <algorithm>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/chat/jinja/expression_parser.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/value_tests.h"

namespace ropewalk::jinja {
namespace {

int DepthOf(const ExprPtr& expression) { return expression == nullptr ? 0 : expression->depth; }

int DepthOf(const std::vector<ExprPtr>& expressions) {
  int depth = 0;
  for (const ExprPtr& expression : expressions) depth = std::max(depth, DepthOf(expression));
  return depth;
}

int DepthOf(const CallArguments& arguments) {
  int depth = std::max(
      {DepthOf(arguments.positional), DepthOf(arguments.star), DepthOf(arguments.star_star)});
  for (const auto& [name, value] : arguments.named) depth = std::max(depth, DepthOf(value));
  return depth;
}

bool BeginsTuple(const Token& token) {
  return token.kind != Token::Kind::kVariableEnd && token.kind != Token::Kind::kBlockEnd &&
         !token.IsOperator(")") && !token.IsName("recursive");
}

}  // namespace

absl::StatusOr<ExprPtr> ExpressionParser::ParsePrimary() {
  const Token& token = stream_.current();
  switch (token.kind) {
    case Token::Kind::kName:
      return ParseName();
    case Token::Kind::kString:
      return ParseStrings();
    case Token::Kind::kInteger:
    case Token::Kind::kFloat: {
      const Token number = stream_.Take();
      return Make(number.line,
                  Literal{number.kind == Token::Kind::kInteger ? Value::Int(number.integer)
                                                               : Value::Float(number.number)},
                  0);
    }
    default:
      if (token.IsOperator("(")) return ParseParenthesis();
      if (token.IsOperator("[")) return ParseList();
      if (token.IsOperator("{")) return ParseDict();
      return stream_.Unexpected();
  }
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseName() {
  const Token token = stream_.Take();
  const absl::string_view name = token.text;
  if (name == "true" || name == "True") return Make(token.line, Literal{Value::Bool(true)}, 0);
  if (name == "false" || name == "False") return Make(token.line, Literal{Value::Bool(false)}, 0);
  if (name == "none" || name == "None") return Make(token.line, Literal{Value::None()}, 0);
  for (Macro* const macro : macros_) {
    if (name == "caller") macro->takes_caller = true;
    if (name == "varargs") macro->takes_varargs = true;
    if (name == "kwargs") macro->takes_kwargs = true;
  }
  return Make(token.line, Name{name}, 0);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseStrings() {
  const Token first = stream_.Take();
  absl::string_view text = first.text;
  if (stream_.current().kind == Token::Kind::kString) {
    std::string joined(text);
    while (stream_.current().kind == Token::Kind::kString) {
      absl::StrAppend(&joined, stream_.Take().text);
    }
    text = strings_.emplace_back(std::move(joined));
  }
  return Make(first.line, Literal{Value::String(text)}, 0);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseItems(bool with_conditional) {
  const int line = stream_.line();
  ListDisplay tuple{true, {}};
  bool is_tuple = false;
  while (BeginsTuple(stream_.current())) {
    ASSIGN_OR_RETURN(ExprPtr item, with_conditional ? ParseExpression() : ParseOr());
    tuple.items.push_back(std::move(item));
    if (!stream_.SkipOperator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && tuple.items.size() == 1) return std::move(tuple.items[0]);
  if (tuple.items.empty()) return stream_.Error("an expression is missing");
  const int depth = DepthOf(tuple.items);
  return Make(line, std::move(tuple), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseParenthesis() {
  const int line = stream_.Take().line;
  if (stream_.SkipOperator(")")) return Make(line, ListDisplay{true, {}}, 0);
  ASSIGN_OR_RETURN(ExprPtr inner, ParseTuple());
  RETURN_IF_ERROR(stream_.ExpectOperator(")"));
  return inner;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseList() {
  const int line = stream_.Take().line;
  ListDisplay list{false, {}};
  while (!stream_.current().IsOperator("]")) {
    ASSIGN_OR_RETURN(ExprPtr item, ParseExpression());
    list.items.push_back(std::move(item));
    if (!stream_.SkipOperator(",")) break;
  }
  RETURN_IF_ERROR(stream_.ExpectOperator("]"));
  const int depth = DepthOf(list.items);
  return Make(line, std::move(list), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseDict() {
  const int line = stream_.Take().line;
  DictDisplay dict;
  int depth = 0;
  while (!stream_.current().IsOperator("}")) {
    ASSIGN_OR_RETURN(ExprPtr key, ParseExpression());
    RETURN_IF_ERROR(stream_.ExpectOperator(":"));
    ASSIGN_OR_RETURN(ExprPtr value, ParseExpression());
    depth = std::max({depth, key->depth, value->depth});
    dict.entries.emplace_back(std::move(key), std::move(value));
    if (!stream_.SkipOperator(",")) break;
  }
  RETURN_IF_ERROR(stream_.ExpectOperator("}"));
  return Make(line, std::move(dict), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseAttribute(ExprPtr object) {
  stream_.Take();
  const Token name = stream_.current();
  const int depth = object->depth;
  if (name.kind == Token::Kind::kName) {
    stream_.Take();
    return Make(name.line, Attribute{std::move(object), name.text}, depth);
  }
  if (name.kind != Token::Kind::kInteger) return stream_.Unexpected();
  stream_.Take();
  ASSIGN_OR_RETURN(ExprPtr key, Make(name.line, Literal{Value::Int(name.integer)}, 0));
  return Make(name.line, Subscript{std::move(object), std::move(key)}, depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseSubscript(ExprPtr object) {
  const int line = stream_.Take().line;
  Slice slice;
  bool is_slice = false;
  ExprPtr* const bounds[] = {&slice.begin, &slice.end, &slice.step};
  for (int i = 0; i < 3; ++i) {
    if (!stream_.current().IsOperator(":") && !stream_.current().IsOperator("]")) {
      ASSIGN_OR_RETURN(*bounds[i], ParseExpression());
    }
    if (i == 2 || !stream_.SkipOperator(":")) break;
    is_slice = true;
  }
  RETURN_IF_ERROR(stream_.ExpectOperator("]"));
  if (!is_slice && slice.begin == nullptr) return stream_.Error("a subscript is empty");
  const int depth =
      std::max({object->depth, DepthOf(slice.begin), DepthOf(slice.end), DepthOf(slice.step)});
  if (!is_slice) return Make(line, Subscript{std::move(object), std::move(slice.begin)}, depth);
  slice.object = std::move(object);
  return Make(line, std::move(slice), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseCall(ExprPtr callee) {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(CallArguments arguments, ParseArguments());
  const int depth = std::max(callee->depth, DepthOf(arguments));
  return Make(line, Call{std::move(callee), std::move(arguments)}, depth);
}

absl::StatusOr<absl::string_view> ExpressionParser::ParseDottedName() {
  const Token name = stream_.current();
  RETURN_IF_ERROR(stream_.Expect(Token::Kind::kName, "a name"));
  if (stream_.current().IsOperator(".")) {
    return stream_.Error(absl::StrCat("no filter or test of '", name.text, ".' is supported"));
  }
  return name.text;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseFilter(ExprPtr operand) {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(const absl::string_view name, ParseDottedName());
  const Native function = FindFilter(name);
  if (function == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", line, ": the filter '", name, "' is not supported; supported: ", FilterNames()));
  }
  CallArguments arguments;
  if (stream_.current().IsOperator("(")) {
    ASSIGN_OR_RETURN(arguments, ParseArguments());
  }
  const int depth = std::max(DepthOf(operand), DepthOf(arguments));
  return Make(line, Filter{std::move(operand), name, function, std::move(arguments)}, depth);
}

absl::StatusOr<std::vector<ExprPtr>> ExpressionParser::ParseFilterNames() {
  std::vector<ExprPtr> filters;
  do {
    ASSIGN_OR_RETURN(ExprPtr filter, ParseFilter(nullptr));
    filters.push_back(std::move(filter));
  } while (stream_.SkipOperator("|"));
  return filters;
}

namespace {

// Whether a test's argument follows without parentheses: `is divisibleby 3`.
bool BeginsTestArgument(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kName:
      return !token.IsName("else") && !token.IsName("or") && !token.IsName("and");
    case Token::Kind::kString:
    case Token::Kind::kInteger:
    case Token::Kind::kFloat:
      return true;
    default:
      return token.IsOperator("[") || token.IsOperator("{");
  }
}

}  // namespace

absl::StatusOr<ExprPtr> ExpressionParser::ParseTest(ExprPtr operand) {
  const int line = stream_.line();
  const bool negated = stream_.SkipName("not");
  ASSIGN_OR_RETURN(const absl::string_view name, ParseDottedName());
  const Native function = FindTest(name);
  if (function == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line, ": the test '", name,
                                                   "' is not supported; supported: ", TestNames()));
  }
  CallArguments arguments;
  if (stream_.current().IsOperator("(")) {
    ASSIGN_OR_RETURN(arguments, ParseArguments());
  } else if (BeginsTestArgument(stream_.current())) {
    if (stream_.current().IsName("is")) return stream_.Error("tests with 'is' cannot be chained");
    ASSIGN_OR_RETURN(ExprPtr argument, ParsePrimary());
    ASSIGN_OR_RETURN(argument, ParsePostfix(std::move(argument)));
    arguments.positional.push_back(std::move(argument));
  }
  const int depth = std::max(operand->depth, DepthOf(arguments));
  ASSIGN_OR_RETURN(
      ExprPtr test,
      Make(line, Test{std::move(operand), name, function, std::move(arguments)}, depth));
  if (!negated) return test;
  return Make(line, Unary{'!', std::move(test)}, depth + 1);
}

absl::StatusOr<CallArguments> ExpressionParser::ParseArguments() {
  RETURN_IF_ERROR(stream_.ExpectOperator("("));
  CallArguments arguments;
  while (!stream_.current().IsOperator(")")) {
    RETURN_IF_ERROR(ParseArgument(&arguments));
    if (!stream_.SkipOperator(",")) break;
  }
  RETURN_IF_ERROR(stream_.ExpectOperator(")"));
  return arguments;
}

absl::Status ExpressionParser::ParseArgument(CallArguments* arguments) {
  const bool dynamic = arguments->star != nullptr || arguments->star_star != nullptr;
  if (stream_.current().IsOperator("*") && !dynamic) {
    stream_.Take();
    ASSIGN_OR_RETURN(arguments->star, ParseExpression());
    return absl::OkStatus();
  }
  if (stream_.current().IsOperator("**") && arguments->star_star == nullptr) {
    stream_.Take();
    ASSIGN_OR_RETURN(arguments->star_star, ParseExpression());
    return absl::OkStatus();
  }
  if (stream_.current().kind == Token::Kind::kName && stream_.next().IsOperator("=")) {
    if (arguments->star_star != nullptr) return stream_.Unexpected();
    const absl::string_view name = stream_.Take().text;
    stream_.Take();
    ASSIGN_OR_RETURN(ExprPtr value, ParseExpression());
    arguments->named.emplace_back(name, std::move(value));
    return absl::OkStatus();
  }
  if (dynamic || !arguments->named.empty()) {
    return stream_.Error("arguments without a name come before those with one");
  }
  ASSIGN_OR_RETURN(ExprPtr value, ParseExpression());
  arguments->positional.push_back(std::move(value));
  return absl::OkStatus();
}

absl::StatusOr<Target> ExpressionParser::ParseTarget(bool with_attribute) {
  RETURN_IF_ERROR(stream_.Enter());
  ASSIGN_OR_RETURN(Target first, ParseTargetElement(with_attribute));
  if (stream_.current().IsOperator(",")) {
    Target tuple;
    tuple.is_tuple = true;
    tuple.elements.push_back(std::move(first));
    while (stream_.SkipOperator(",")) {
      const Token& token = stream_.current();
      if (token.kind != Token::Kind::kName && !token.IsOperator("(")) break;
      if (token.IsName("in")) break;
      ASSIGN_OR_RETURN(Target element, ParseTargetElement(with_attribute));
      tuple.elements.push_back(std::move(element));
    }
    first = std::move(tuple);
  }
  stream_.Leave();
  return first;
}

absl::StatusOr<Target> ExpressionParser::ParseTargetElement(bool with_attribute) {
  if (stream_.SkipOperator("(")) {
    ASSIGN_OR_RETURN(Target inner, ParseTarget(false));
    RETURN_IF_ERROR(stream_.ExpectOperator(")"));
    return inner;
  }
  Target target;
  target.name = stream_.current().text;
  for (const absl::string_view constant : {"true", "True", "false", "False", "none", "None"}) {
    if (target.name == constant) return stream_.Unexpected();
  }
  RETURN_IF_ERROR(stream_.Expect(Token::Kind::kName, "a name"));
  if (with_attribute && stream_.SkipOperator(".")) {
    target.attribute = stream_.current().text;
    RETURN_IF_ERROR(stream_.Expect(Token::Kind::kName, "a name"));
  }
  return target;
}

}  // namespace ropewalk::jinja
