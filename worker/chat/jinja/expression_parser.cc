#include "worker/chat/jinja/expression_parser.h"

#include <algorithm>
#include <utility>

#include "services/common/status_macros.h"

namespace ropewalk::jinja {

absl::StatusOr<ExprPtr> ExpressionParser::Make(int line, Expr::Node node, int depth_below) {
  if (depth_below >= kMaxSyntaxDepth) {
    return stream_.Error(
        absl::StrCat("an expression is more than ", kMaxSyntaxDepth, " operations deep"));
  }
  return std::make_unique<Expr>(Expr{line, depth_below + 1, std::move(node)});
}

absl::StatusOr<ExprPtr> ExpressionParser::MakeBinary(int line, Binary::Op op, ExprPtr left,
                                                     ExprPtr right) {
  const int depth = std::max(left->depth, right->depth);
  return Make(line, Binary{op, std::move(left), std::move(right)}, depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseExpression() {
  RETURN_IF_ERROR(stream_.Enter());
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr result, ParseOr());
  while (stream_.SkipName("if")) {
    ASSIGN_OR_RETURN(ExprPtr test, ParseOr());
    ExprPtr otherwise;
    int depth = std::max(result->depth, test->depth);
    if (stream_.SkipName("else")) {
      ASSIGN_OR_RETURN(otherwise, ParseExpression());
      depth = std::max(depth, otherwise->depth);
    }
    Conditional node{std::move(test), std::move(result), std::move(otherwise)};
    ASSIGN_OR_RETURN(result, Make(line, std::move(node), depth));
  }
  stream_.Leave();
  return result;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseOr() {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr left, ParseAnd());
  while (stream_.SkipName("or")) {
    ASSIGN_OR_RETURN(ExprPtr right, ParseAnd());
    ASSIGN_OR_RETURN(left, MakeBinary(line, Binary::Op::kOr, std::move(left), std::move(right)));
  }
  return left;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseAnd() {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr left, ParseNot());
  while (stream_.SkipName("and")) {
    ASSIGN_OR_RETURN(ExprPtr right, ParseNot());
    ASSIGN_OR_RETURN(left, MakeBinary(line, Binary::Op::kAnd, std::move(left), std::move(right)));
  }
  return left;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseNot() {
  const int line = stream_.line();
  if (!stream_.SkipName("not")) return ParseComparison();
  RETURN_IF_ERROR(stream_.Enter());
  ASSIGN_OR_RETURN(ExprPtr operand, ParseNot());
  stream_.Leave();
  const int depth = operand->depth;
  return Make(line, Unary{'!', std::move(operand)}, depth);
}

namespace {

bool TakeComparison(TokenStream* stream, Comparison::Op* op) {
  using Op = Comparison::Op;
  static constexpr std::pair<absl::string_view, Op> kOperators[] = {
      {"==", Op::kEq}, {"!=", Op::kNe}, {"<", Op::kLt},
      {"<=", Op::kLe}, {">", Op::kGt},  {">=", Op::kGe}};
  for (const auto& [text, which] : kOperators) {
    *op = which;
    if (stream->SkipOperator(text)) return true;
  }
  *op = Op::kIn;
  if (stream->SkipName("in")) return true;
  *op = Op::kNotIn;
  if (!stream->current().IsName("not") || !stream->next().IsName("in")) return false;
  stream->Take();
  stream->Take();
  return true;
}

}  // namespace

absl::StatusOr<ExprPtr> ExpressionParser::ParseComparison() {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr first, ParseSum());
  int depth = first->depth;
  Comparison comparison;
  for (Comparison::Op op; TakeComparison(&stream_, &op);) {
    ASSIGN_OR_RETURN(ExprPtr next, ParseSum());
    depth = std::max(depth, next->depth);
    comparison.rest.emplace_back(op, std::move(next));
  }
  if (comparison.rest.empty()) return first;
  comparison.first = std::move(first);
  return Make(line, std::move(comparison), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseSum() {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr left, ParseConcat());
  while (stream_.current().IsOperator("+") || stream_.current().IsOperator("-")) {
    const auto op = stream_.Take().text == "+" ? Binary::Op::kAdd : Binary::Op::kSub;
    ASSIGN_OR_RETURN(ExprPtr right, ParseConcat());
    ASSIGN_OR_RETURN(left, MakeBinary(line, op, std::move(left), std::move(right)));
  }
  return left;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseConcat() {
  const int line = stream_.line();
  Concat concat;
  int depth = 0;
  do {
    ASSIGN_OR_RETURN(ExprPtr part, ParseProduct());
    depth = std::max(depth, part->depth);
    concat.parts.push_back(std::move(part));
  } while (stream_.SkipOperator("~"));
  if (concat.parts.size() == 1) return std::move(concat.parts[0]);
  return Make(line, std::move(concat), depth);
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseProduct() {
  static constexpr std::pair<absl::string_view, Binary::Op> kOperators[] = {
      {"*", Binary::Op::kMul},
      {"/", Binary::Op::kDiv},
      {"//", Binary::Op::kFloorDiv},
      {"%", Binary::Op::kMod}};
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr left, ParsePower());
  while (true) {
    const auto* const op =
        std::find_if(std::begin(kOperators), std::end(kOperators),
                     [&](const auto& entry) { return stream_.SkipOperator(entry.first); });
    if (op == std::end(kOperators)) return left;
    ASSIGN_OR_RETURN(ExprPtr right, ParsePower());
    ASSIGN_OR_RETURN(left, MakeBinary(line, op->second, std::move(left), std::move(right)));
  }
}

absl::StatusOr<ExprPtr> ExpressionParser::ParsePower() {
  const int line = stream_.line();
  ASSIGN_OR_RETURN(ExprPtr left, ParseUnary(true));
  while (stream_.SkipOperator("**")) {
    ASSIGN_OR_RETURN(ExprPtr right, ParseUnary(true));
    ASSIGN_OR_RETURN(left, MakeBinary(line, Binary::Op::kPow, std::move(left), std::move(right)));
  }
  return left;
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseUnary(bool with_filters) {
  const int line = stream_.line();
  ExprPtr result;
  if (stream_.current().IsOperator("-") || stream_.current().IsOperator("+")) {
    const char op = stream_.Take().text[0];
    RETURN_IF_ERROR(stream_.Enter());
    ASSIGN_OR_RETURN(ExprPtr operand, ParseUnary(false));
    stream_.Leave();
    const int depth = operand->depth;
    ASSIGN_OR_RETURN(result, Make(line, Unary{op, std::move(operand)}, depth));
  } else {
    ASSIGN_OR_RETURN(result, ParsePrimary());
  }
  ASSIGN_OR_RETURN(result, ParsePostfix(std::move(result)));
  if (!with_filters) return result;
  return ParseFiltersAndTests(std::move(result));
}

absl::StatusOr<ExprPtr> ExpressionParser::ParsePostfix(ExprPtr operand) {
  while (true) {
    if (stream_.current().IsOperator(".")) {
      ASSIGN_OR_RETURN(operand, ParseAttribute(std::move(operand)));
    } else if (stream_.current().IsOperator("[")) {
      ASSIGN_OR_RETURN(operand, ParseSubscript(std::move(operand)));
    } else if (stream_.current().IsOperator("(")) {
      ASSIGN_OR_RETURN(operand, ParseCall(std::move(operand)));
    } else {
      return operand;
    }
  }
}

absl::StatusOr<ExprPtr> ExpressionParser::ParseFiltersAndTests(ExprPtr operand) {
  while (true) {
    if (stream_.SkipOperator("|")) {
      ASSIGN_OR_RETURN(operand, ParseFilter(std::move(operand)));
    } else if (stream_.SkipName("is")) {
      ASSIGN_OR_RETURN(operand, ParseTest(std::move(operand)));
    } else if (stream_.current().IsOperator("(")) {
      ASSIGN_OR_RETURN(operand, ParseCall(std::move(operand)));
    } else {
      return operand;
    }
  }
}

}  // namespace ropewalk::jinja
