#include "worker/chat/jinja/parser.h"

#include <algorithm>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/chat/jinja/expression_parser.h"
#include "worker/chat/jinja/lexer.h"
#include "worker/chat/jinja/token_stream.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Token::Kind;
using EndTags = std::initializer_list<absl::string_view>;

constexpr absl::string_view kStatements =
    "if, for, set, macro, call, filter, with, break, continue, generation, raw";

class Parser {
 public:
  Parser(std::vector<Token> tokens, Ast* ast)
      : stream_(std::move(tokens)), expressions_(&stream_, &ast->strings), ast_(*ast) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(ast_.body, ParseBlock({}));
    return absl::OkStatus();
  }

 private:
  // Statements up to a tag that begins with one of `ends`, whose name becomes the current token;
  // without any up to the template's end.
  absl::StatusOr<Block> ParseBlock(EndTags ends);
  // The rest of a tag, the statements behind it, and the tag `end` but for its %}.
  absl::StatusOr<Block> ParseBody(absl::string_view end);
  absl::StatusOr<Stmt::Node> ParseStatement();
  absl::StatusOr<Stmt::Node> ParseIf();
  absl::StatusOr<Stmt::Node> ParseFor();
  absl::StatusOr<Stmt::Node> ParseSet();
  absl::StatusOr<Stmt::Node> ParseMacro();
  absl::StatusOr<Stmt::Node> ParseCallBlock();
  absl::StatusOr<Stmt::Node> ParseFilterBlock();
  absl::StatusOr<Stmt::Node> ParseWith();
  absl::StatusOr<Stmt::Node> ParseGeneration();
  absl::StatusOr<Stmt::Node> ParseJump(Stmt::Node jump);
  absl::Status ParseSignature(Macro* macro);
  absl::Status ParseMacroBody(Macro* macro, absl::string_view end);

  TokenStream stream_;
  ExpressionParser expressions_;
  Ast& ast_;
  int loops_ = 0;  // around the current statement, within the same macro
};

absl::StatusOr<Block> Parser::ParseBlock(EndTags ends) {
  RETURN_IF_ERROR(stream_.Enter());
  Block block;
  const auto add = [&](int line, Stmt::Node node) {
    block.push_back(std::make_unique<Stmt>(Stmt{line, std::move(node)}));
  };
  while (stream_.current().kind != Kind::kEnd) {
    const Token token = stream_.Take();
    if (token.kind == Kind::kText) {
      add(token.line, Text{token.text});
    } else if (token.kind == Kind::kVariableBegin) {
      ASSIGN_OR_RETURN(ExprPtr value, expressions_.ParseTuple());
      RETURN_IF_ERROR(stream_.Expect(Kind::kVariableEnd, "}}"));
      add(token.line, Output{std::move(value)});
    } else {
      const Token& name = stream_.current();
      if (name.kind == Kind::kName && std::count(ends.begin(), ends.end(), name.text) > 0) {
        stream_.Leave();
        return block;
      }
      ASSIGN_OR_RETURN(Stmt::Node node, ParseStatement());
      RETURN_IF_ERROR(stream_.Expect(Kind::kBlockEnd, "%}"));
      add(token.line, std::move(node));
    }
  }
  if (ends.size() > 0) return stream_.Error(absl::StrCat("'", *(ends.end() - 1), "' is missing"));
  stream_.Leave();
  return block;
}

absl::StatusOr<Block> Parser::ParseBody(absl::string_view end) {
  RETURN_IF_ERROR(stream_.Expect(Kind::kBlockEnd, "%}"));
  ASSIGN_OR_RETURN(Block body, ParseBlock({end}));
  stream_.Take();
  return body;
}

absl::StatusOr<Stmt::Node> Parser::ParseStatement() {
  const Token name = stream_.current();
  if (name.kind != Kind::kName) return stream_.Unexpected();
  stream_.Take();
  if (name.text == "if") return ParseIf();
  if (name.text == "for") return ParseFor();
  if (name.text == "set") return ParseSet();
  if (name.text == "macro") return ParseMacro();
  if (name.text == "call") return ParseCallBlock();
  if (name.text == "filter") return ParseFilterBlock();
  if (name.text == "with") return ParseWith();
  if (name.text == "generation") return ParseGeneration();
  if (name.text == "break") return ParseJump(Break{});
  if (name.text == "continue") return ParseJump(Continue{});
  return absl::InvalidArgumentError(
      absl::StrCat("line ", name.line, ": the statement '", name.text,
                   "' is not supported here; supported: ", kStatements));
}

absl::StatusOr<Stmt::Node> Parser::ParseIf() {
  If node;
  while (true) {
    ASSIGN_OR_RETURN(ExprPtr condition, expressions_.ParseOperands());
    RETURN_IF_ERROR(stream_.Expect(Kind::kBlockEnd, "%}"));
    ASSIGN_OR_RETURN(Block body, ParseBlock({"elif", "else", "endif"}));
    node.branches.emplace_back(std::move(condition), std::move(body));
    if (stream_.SkipName("elif")) continue;
    if (stream_.SkipName("else")) {
      ASSIGN_OR_RETURN(node.otherwise, ParseBody("endif"));
    } else {
      stream_.Take();
    }
    return node;
  }
}

absl::StatusOr<Stmt::Node> Parser::ParseFor() {
  For node;
  ASSIGN_OR_RETURN(node.target, expressions_.ParseTarget(false));
  RETURN_IF_ERROR(stream_.ExpectName("in"));
  // The iterable takes no `x if y else z`: that `if` is the loop's.
  ASSIGN_OR_RETURN(node.iterable, expressions_.ParseOperands());
  if (stream_.SkipName("if")) {
    ASSIGN_OR_RETURN(node.condition, expressions_.ParseExpression());
  }
  if (stream_.current().IsName("recursive")) {
    return stream_.Error(
        "loops that are 'recursive' are not supported; macros can call themselves");
  }
  RETURN_IF_ERROR(stream_.Expect(Kind::kBlockEnd, "%}"));
  ++loops_;
  ASSIGN_OR_RETURN(node.body, ParseBlock({"else", "endfor"}));
  --loops_;
  if (stream_.SkipName("else")) {
    ASSIGN_OR_RETURN(node.otherwise, ParseBody("endfor"));
  } else {
    stream_.Take();
  }
  return node;
}

absl::StatusOr<Stmt::Node> Parser::ParseSet() {
  ASSIGN_OR_RETURN(Target target, expressions_.ParseTarget(true));
  if (stream_.SkipOperator("=")) {
    ASSIGN_OR_RETURN(ExprPtr value, expressions_.ParseTuple());
    return Set{std::move(target), std::move(value)};
  }
  SetBlock node{std::move(target), {}, {}};
  if (stream_.SkipOperator("|")) {
    ASSIGN_OR_RETURN(node.filters, expressions_.ParseFilterNames());
  }
  ASSIGN_OR_RETURN(node.body, ParseBody("endset"));
  return node;
}

absl::Status Parser::ParseSignature(Macro* macro) {
  RETURN_IF_ERROR(stream_.ExpectOperator("("));
  while (!stream_.current().IsOperator(")")) {
    const absl::string_view name = stream_.current().text;
    RETURN_IF_ERROR(stream_.Expect(Kind::kName, "a parameter's name"));
    macro->parameters.push_back(name);
    if (stream_.SkipOperator("=")) {
      ASSIGN_OR_RETURN(ExprPtr value, expressions_.ParseExpression());
      macro->defaults.push_back(std::move(value));
    } else if (!macro->defaults.empty()) {
      return stream_.Error(absl::StrCat("the parameter '", name, "' lacks a default"));
    }
    if (!stream_.SkipOperator(",")) break;
  }
  return stream_.ExpectOperator(")");
}

absl::Status Parser::ParseMacroBody(Macro* macro, absl::string_view end) {
  const int loops = std::exchange(loops_, 0);
  expressions_.macros().push_back(macro);
  ASSIGN_OR_RETURN(macro->body, ParseBody(end));
  expressions_.macros().pop_back();
  loops_ = loops;
  return absl::OkStatus();
}

absl::StatusOr<Stmt::Node> Parser::ParseMacro() {
  Macro macro;
  macro.name = stream_.current().text;
  RETURN_IF_ERROR(stream_.Expect(Kind::kName, "the macro's name"));
  RETURN_IF_ERROR(ParseSignature(&macro));
  RETURN_IF_ERROR(ParseMacroBody(&macro, "endmacro"));
  return macro;
}

absl::StatusOr<Stmt::Node> Parser::ParseCallBlock() {
  CallBlock node;
  node.caller.name = "caller";
  if (stream_.current().IsOperator("(")) RETURN_IF_ERROR(ParseSignature(&node.caller));
  ASSIGN_OR_RETURN(node.call, expressions_.ParseExpression());
  if (!std::holds_alternative<Call>(node.call->node)) return stream_.Error("a call is expected");
  RETURN_IF_ERROR(ParseMacroBody(&node.caller, "endcall"));
  return node;
}

absl::StatusOr<Stmt::Node> Parser::ParseFilterBlock() {
  FilterBlock node;
  ASSIGN_OR_RETURN(node.filters, expressions_.ParseFilterNames());
  ASSIGN_OR_RETURN(node.body, ParseBody("endfilter"));
  return node;
}

absl::StatusOr<Stmt::Node> Parser::ParseWith() {
  With node;
  while (stream_.current().kind != Kind::kBlockEnd) {
    if (!node.values.empty()) RETURN_IF_ERROR(stream_.ExpectOperator(","));
    Target target;
    target.name = stream_.current().text;
    RETURN_IF_ERROR(stream_.Expect(Kind::kName, "a name"));
    RETURN_IF_ERROR(stream_.ExpectOperator("="));
    ASSIGN_OR_RETURN(ExprPtr value, expressions_.ParseExpression());
    node.values.emplace_back(std::move(target), std::move(value));
  }
  ASSIGN_OR_RETURN(node.body, ParseBody("endwith"));
  return node;
}

absl::StatusOr<Stmt::Node> Parser::ParseGeneration() {
  ast_.has_generation = true;
  const int loops = std::exchange(loops_, 0);
  Generation node;
  ASSIGN_OR_RETURN(node.body, ParseBody("endgeneration"));
  loops_ = loops;
  return node;
}

absl::StatusOr<Stmt::Node> Parser::ParseJump(Stmt::Node jump) {
  if (loops_ == 0) return stream_.Error("'break' and 'continue' are for loops");
  return jump;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Ast>> Parse(absl::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the template has more than ", kMaxSourceBytes, " bytes"));
  }
  if (!IsUtf8(source)) return absl::InvalidArgumentError("the template is not valid UTF-8");
  auto ast = std::make_unique<Ast>();
  ast->source = NormalizeNewlines(source);
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(ast->source, &ast->strings));
  RETURN_IF_ERROR(Parser(std::move(tokens), ast.get()).Run());
  return ast;
}

}  // namespace ropewalk::jinja
