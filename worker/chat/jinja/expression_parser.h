#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/ast.h"
#include "worker/chat/jinja/token_stream.h"

namespace ropewalk::jinja {

// Parses expressions by Jinja's grammar, which is Python's but for filters, tests, ~, and that -2|f
// filters before it negates nothing. Errors: INVALID_ARGUMENT, "line N: ...", also for filters and
// tests that are not supported.
class ExpressionParser {
 public:
  // `strings` is where the text of joined literals goes.
  ExpressionParser(TokenStream* stream, std::deque<std::string>* strings)
      : stream_(*stream), strings_(*strings) {}

  absl::StatusOr<ExprPtr> ParseExpression();
  // A tuple without parentheses if there are commas: what {{ }} takes.
  absl::StatusOr<ExprPtr> ParseTuple() { return ParseItems(true); }
  // The same of items without `a if b else c`: what `if` and `for in` take.
  absl::StatusOr<ExprPtr> ParseOperands() { return ParseItems(false); }
  // name(...) as filter: in {% filter name %} and {% set x | name %}.
  absl::StatusOr<std::vector<ExprPtr>> ParseFilterNames();
  absl::StatusOr<Target> ParseTarget(bool with_attribute);

  // Macros being parsed, which are told what special names their bodies use.
  std::vector<Macro*>& macros() { return macros_; }

 private:
  absl::StatusOr<ExprPtr> ParseItems(bool with_conditional);
  absl::StatusOr<ExprPtr> ParseOr();
  absl::StatusOr<ExprPtr> ParseAnd();
  absl::StatusOr<ExprPtr> ParseNot();
  absl::StatusOr<ExprPtr> ParseComparison();
  absl::StatusOr<ExprPtr> ParseSum();
  absl::StatusOr<ExprPtr> ParseConcat();
  absl::StatusOr<ExprPtr> ParseProduct();
  absl::StatusOr<ExprPtr> ParsePower();
  absl::StatusOr<ExprPtr> ParseUnary(bool with_filters);
  absl::StatusOr<ExprPtr> ParsePrimary();
  absl::StatusOr<ExprPtr> ParseName();
  absl::StatusOr<ExprPtr> ParseStrings();
  absl::StatusOr<ExprPtr> ParseParenthesis();
  absl::StatusOr<ExprPtr> ParseList();
  absl::StatusOr<ExprPtr> ParseDict();
  absl::StatusOr<ExprPtr> ParsePostfix(ExprPtr operand);
  absl::StatusOr<ExprPtr> ParseFiltersAndTests(ExprPtr operand);
  absl::StatusOr<ExprPtr> ParseAttribute(ExprPtr object);
  absl::StatusOr<ExprPtr> ParseSubscript(ExprPtr object);
  absl::StatusOr<ExprPtr> ParseCall(ExprPtr callee);
  absl::StatusOr<ExprPtr> ParseFilter(ExprPtr operand);
  absl::StatusOr<ExprPtr> ParseTest(ExprPtr operand);
  absl::StatusOr<CallArguments> ParseArguments();
  absl::Status ParseArgument(CallArguments* arguments);
  absl::StatusOr<Target> ParseTargetElement(bool with_attribute);
  absl::StatusOr<absl::string_view> ParseDottedName();

  // INVALID_ARGUMENT: the tree becomes too deep.
  absl::StatusOr<ExprPtr> Make(int line, Expr::Node node, int depth_below);
  absl::StatusOr<ExprPtr> MakeBinary(int line, Binary::Op op, ExprPtr left, ExprPtr right);

  TokenStream& stream_;
  std::deque<std::string>& strings_;
  std::vector<Macro*> macros_;
};

}  // namespace ropewalk::jinja
