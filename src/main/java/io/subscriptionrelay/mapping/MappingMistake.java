package io.subscriptionrelay.mapping;

import com.schibsted.spt.data.jslt.Function;
import com.schibsted.spt.data.jslt.JsltException;
import com.schibsted.spt.data.jslt.impl.BuiltinFunctions;
import io.subscriptionrelay.mapping.MappingTokens.Kind;
import io.subscriptionrelay.mapping.MappingTokens.Token;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells a mistake in a mapping in one sentence for people. The parser says what it would have taken instead, which is mostly everything; what was meant
 * is found in the words before and after.
 */
final class MappingMistake {

    private static final Pattern ENCOUNTERED = Pattern.compile("Encountered .* at line (\\d+), column (\\d+)\\.\\s*Was expecting(?: one of)?:(.*)",
            Pattern.DOTALL);
    private static final Pattern LEXICAL = Pattern.compile("Lexical error at line (\\d+), column (\\d+)\\.");
    private static final Pattern NO_FUNCTION = Pattern.compile("No such function:? '([^']*)'(?: in module '([^']*)')?");
    private static final Pattern NO_MODULE = Pattern.compile("No such module '([^']*)'");
    private static final Pattern ARGUMENTS = Pattern.compile("Function '([^']*)' needs (\\d+)-(\\d+) arguments, got (\\d+)");
    private static final Pattern DUPLICATE = Pattern.compile("duplicate key '([^']*)'");
    private static final Set<String> OPERATORS = Set.of("+", "-", "*", "/", "|", "==", "!=", ">", "<", ">=", "<=", "and", "or");
    private static final Set<String> OPENERS = Set.of("{", "[", "(");
    /** Words of other languages, and what they are called here. */
    private static final Map<String, String> OTHER_WORDS = Map.of("True", "true", "False", "false", "None", "null", "nil", "null",
            "undefined", "null", "NULL", "null");

    private final Path file;
    private final List<Token> tokens;

    private MappingMistake(Path file, String text) {
        this.file = file;
        tokens = MappingTokens.of(text);
    }

    /** What is wrong, where, and what to write instead. */
    static Problem of(Path file, String text, JsltException e) {
        return new MappingMistake(file, text).problem(e);
    }

    /** A variable that nothing in the file sets; the parser leaves it to the first event. */
    static Optional<Problem> unknownVariable(Path file, String text, Set<String> given) {
        List<Token> tokens = MappingTokens.of(text);
        Set<String> known = new TreeSet<>(given);
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.get(i).is("let")) {
                known.add(tokens.get(i + 1).text());
            } else if (tokens.get(i).is("def")) {
                for (int j = i + 3; j < tokens.size() && !tokens.get(j).is(")"); j++) {
                    known.add(tokens.get(j).text());
                }
            }
        }
        known.remove(",");
        return tokens.stream().filter(token -> token.kind() == Kind.VARIABLE && !token.text().contains(":"))
                .filter(token -> !known.contains(token.text().substring(1))).findFirst().map(token -> {
                    Set<String> written = new TreeSet<>();
                    known.forEach(name -> written.add("$" + name));
                    return new Problem(file, token.line(), token.column(), "there is no variable `" + token.text() + "`"
                            + Spelling.hint(token.text(), written, "; write `let " + token.text().substring(1) + " = …` before it"));
                });
    }

    private Problem problem(JsltException e) {
        String message = e.getMessageWithoutLocation();
        Matcher encountered = ENCOUNTERED.matcher(message);
        if (encountered.find()) {
            int place = message.contains("Encountered \"<EOF>\"") ? tokens.size() - 1
                    : at(Integer.parseInt(encountered.group(1)), Integer.parseInt(encountered.group(2)));
            return unclosedText(place).orElseGet(() -> grammar(place, encountered.group(3)));
        }
        Matcher lexical = LEXICAL.matcher(message);
        if (lexical.find()) {
            int place = message.contains("<EOF>") ? tokens.size() - 1 : at(Integer.parseInt(lexical.group(1)), Integer.parseInt(lexical.group(2)));
            return unclosedText(place).orElseGet(() -> here(tokens.get(place), sign(tokens.get(place))));
        }
        String meaning = meaning(message.replaceAll("\\s+", " ").trim());
        return e.getLine() > 0 ? here(tokens.get(at(e.getLine(), e.getColumn())), meaning) : new Problem(file, 0, 0, meaning);
    }

    private int at(int line, int parserColumn) {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).line() > line || tokens.get(i).line() == line && tokens.get(i).parserColumn() >= parserColumn) {
                return i;
            }
        }
        return tokens.size() - 1;
    }

    private Problem here(Token token, String message) {
        return new Problem(file, token.line(), token.column(), message);
    }

    /** Of the texts before a place the first that goes over the end of its line: a quote is missing there, and all texts behind it are turned over. */
    private Optional<Problem> unclosedText(int place) {
        return tokens.subList(0, Math.min(place + 1, tokens.size())).stream().filter(token -> token.kind() == Kind.TEXT)
                .filter(token -> token.text().contains("\n") || !token.text().endsWith("\"") || token.text().length() < 2)
                .findFirst().map(token -> here(token, "the text that begins here is not closed; write `\"` at its end"));
    }

    private static String sign(Token token) {
        return switch (token.text()) {
            case "'" -> "texts and keys stand in double quotes; write `\"…\"` instead of `'…'`";
            case "“", "”", "„" -> "this is a quotation mark of prose; write a plain `\"`";
            case "&" -> "there is no `&` here; write `and`";
            case ";" -> "there is no `;` here; write `,`";
            case "!" -> "there is no `!` here; write `not(…)`, or `!=` to compare";
            case "?" -> "there is no `?` here; write `if (…) … else …`";
            case "%" -> "there is no `%` here; write `mod(…, …)`";
            case "#" -> "a comment begins with `//`, not with `#`";
            case "$" -> "a name is missing after `$`; write it, like `$step`";
            default -> "the character " + token.quoted() + " has no meaning here; take it out, or put it into a text in double quotes";
        };
    }

    private Problem grammar(int place, String expected) {
        Token token = tokens.get(place);
        Token before = place == 0 ? null : tokens.get(place - 1);
        boolean key = token.kind() == Kind.TEXT && tokens.get(place + 1).is(":");
        Deque<Token> open = open(place);
        Token inside = open.peek();
        boolean value = expected.contains("<INTEGER>") && !expected.contains("\"or\"");
        boolean wordFollows = expected.trim().equals("\"(\" ...");
        if (before == null && token.kind() == Kind.END) {
            return new Problem(file, 0, 0, "the file is empty; write what it makes, an object in `{ }` or a list in `[ ]`");
        }
        if (wordFollows) {
            return word(place);
        }
        if (closes(token) && inside == null) {
            return here(token, "this " + token.quoted() + " closes nothing; take it out, or open it before");
        }
        if (inside == null && (token.is("let") || token.is("def")) && !value) {
            return afterTheValue(place);
        }
        if (token.is("|") && before.is("|")) {
            return here(before, "there is no `||` here; write `or`");
        }
        if (token.is("/") && tokens.get(place + 1).is("*")) {
            return here(token, "a comment begins with `//` and ends with its line; there is no `/* */`");
        }
        if (inside != null && (token.is("let") || token.is("def")) && (!inside.is("{") || token.first() && token.indent() <= inside.indent())) {
            return here(token, unclosed(inside, token));
        }
        if (value && !token.is("let") && (token.kind() != Kind.END || !OPENERS.contains(before.text()))) {
            return here(token.kind() == Kind.END ? before : token, missingValue(place));
        }
        if (token.is("let") && inside != null && inside.is("{")) {
            return here(token, "a `let` in an object stands before all its keys; move it up, right after the `{` of line " + inside.line());
        }
        if (closes(token) && !closer(inside).equals(token.text())) {
            return here(token, unclosed(inside, token));
        }
        if (token.is(":") && before.kind() == Kind.TEXT && inside != null && !inside.is("{")) {
            return here(before, unclosed(inside, before));
        }
        if (token.kind() == Kind.END && inside != null) {
            Token suspect = suspect().orElse(inside);
            return here(suspect, "this " + suspect.quoted() + " is never closed; write `" + closer(suspect) + "` where it ends");
        }
        return here(token, between(place, expected, key, inside));
    }

    /** What is wrong between a token and the one before it, when each of them might stand there. */
    private String between(int place, String expected, boolean key, Token inside) {
        Token token = tokens.get(place);
        Token before = tokens.get(place - 1);
        boolean colon = expected.contains("\":\"") && inside != null && inside.is("{");
        if (token.is("=")) {
            return colon && before.kind() == Kind.TEXT ? "between key and value stands `:`, not `=`; write `" + before.text() + ": …`"
                    : "`=` only names a value, in `let`; write `==` to compare";
        }
        if (expected.trim().equals("\"=\" ...")) {
            return "a `=` is missing after " + before.quoted() + "; write `let " + before.text() + " = …`";
        }
        if (colon) {
            return "a `:` is missing after the key " + before.quoted() + "; write it between key and value";
        }
        if (token.is(",") && expected.contains("\"let\"")) {
            return "no comma stands after a `let`; take it out";
        }
        if (token.kind() == Kind.END) {
            return "the file ends without a value; write what it makes after the last `let` or `def`";
        }
        if (before.is(".")) {
            return "a key is missing after `.`";
        }
        if (key && inside != null && !inside.is("{")) {
            return unclosed(inside, token);
        }
        boolean noElse = expected.contains("\"else\"") && !key;
        if (noElse && token.kind() == Kind.NAME && Spelling.closest(token.text(), Set.of("else")).isPresent()) {
            return "there is no " + token.quoted() + " after the value of an `if`; did you mean `else`?";
        }
        if (noElse && token.beginsValue()) {
            return "an `else` is missing before " + token.quoted();
        }
        if (inside != null && token.beginsValue() && !expected.contains("\",\"") && expected.contains("\"" + closer(inside) + "\"")) {
            return unclosed(inside, token);
        }
        if (expected.contains("\",\"") && token.beginsValue()) {
            return "a comma is missing before " + token.quoted();
        }
        if (inside == null && token.beginsValue()) {
            return "the mapping has made its value before " + token.quoted() + "; take that out, or write an operator or a comma within `[ ]` before it";
        }
        return token.quoted() + " cannot stand after " + before.quoted() + "; take it out, or write what is missing between them";
    }

    /** Of a mapping that goes on behind what was taken for its value: the place where two values stand side by side. */
    private Problem afterTheValue(int place) {
        for (int i = place - 1; i > 0 && !tokens.get(i).is("let"); i--) {
            if (tokens.get(i).beginsValue() && !OPENERS.contains(tokens.get(i).text()) && endsValue(tokens.get(i - 1)) && open(i).isEmpty()) {
                boolean choice = false;
                for (int j = i - 1; j > 0 && !tokens.get(j).is("let"); j--) {
                    choice |= tokens.get(j).is("if");
                }
                return here(tokens.get(i), choice ? "an `else` is missing before " + tokens.get(i).quoted()
                        : tokens.get(i).quoted() + " was taken for what the mapping makes, and no " + tokens.get(place).quoted()
                                + " may follow that; write an operator before it, or take it out");
            }
        }
        return here(tokens.get(place), "no " + tokens.get(place).quoted() + " may follow what the mapping makes; move it up");
    }

    private static boolean endsValue(Token token) {
        return switch (token.kind()) {
            case TEXT, NUMBER, VARIABLE -> true;
            case NAME -> token.beginsValue() && !token.is("if") && !token.is("for");
            default -> token.is("}") || token.is("]");
        };
    }

    private Problem word(int place) {
        Token before = tokens.get(place - 1);
        Token token = tokens.get(place);
        if (place > 1 && (endsValue(tokens.get(place - 2)) || tokens.get(place - 2).is(")")) && Spelling.closest(before.text(), Set.of("else")).isPresent()) {
            return here(before, "there is no " + before.quoted() + " after the value of an `if`; did you mean `else`?");
        }
        if (before.is("if") || before.is("for")) {
            return here(token, "what belongs to `" + before.text() + "` stands in parentheses; write `" + before.text() + " (…) …`");
        }
        if (token.is(":")) {
            return here(before, "a key stands in double quotes; write `\"" + before.text() + "\":`");
        }
        if (OTHER_WORDS.containsKey(before.text())) {
            return here(before, "there is no `" + before.text() + "` here; write `" + OTHER_WORDS.get(before.text()) + "`");
        }
        return here(before, functions().contains(before.text()) ? "`" + before.text() + "` is a function; write its arguments in parentheses, `"
                + before.text() + "(…)`" : "`" + before.text() + "` is no value; a text stands in double quotes, a variable begins with `$`, a key of"
                + " the webhook with `.`");
    }

    private String missingValue(int place) {
        Token token = tokens.get(place);
        Token before = place == 0 ? null : tokens.get(place - 1);
        if (before == null) {
            return token.quoted() + " cannot be the beginning of a mapping; write what it makes, an object in `{ }` or a list in `[ ]`";
        }
        if (before.is(":")) {
            return "the value of the key " + tokens.get(Math.max(0, place - 2)).quoted() + " is missing; write it, or `null`";
        }
        if (before.is(",")) {
            return "nothing follows the comma; take it out, or write what is missing before " + token.quoted();
        }
        if (OPERATORS.contains(before.text()) || before.is("else") || before.is("=")) {
            return "what follows " + before.quoted() + " is missing; write it before " + token.quoted();
        }
        return "a value is missing before " + token.quoted();
    }

    private String meaning(String message) {
        Matcher function = NO_FUNCTION.matcher(message);
        if (function.find()) {
            String name = function.group(1);
            return "there is no function `" + name + "`" + (function.group(2) != null ? " in `" + function.group(2) + "`"
                    : Spelling.hint(name, functions(), "; mappings/README.md lists those there are"));
        }
        Matcher module = NO_MODULE.matcher(message);
        if (module.find()) {
            return "nothing is imported as `" + module.group(1) + "`; write `import \"common.jslt\" as " + module.group(1) + "` at the top";
        }
        Matcher arguments = ARGUMENTS.matcher(message);
        if (arguments.find()) {
            String least = arguments.group(2);
            String most = arguments.group(3);
            return "`" + arguments.group(1) + "` takes " + (least.equals(most) ? least : least + " to " + most)
                    + (most.equals("1") ? " argument" : " arguments") + ", not " + arguments.group(4);
        }
        Matcher duplicate = DUPLICATE.matcher(message);
        if (duplicate.find()) {
            return "the key `" + duplicate.group(1) + "` is there twice; take one out";
        }
        return message.startsWith("Syntax error in regular expression") ? message + "; mend its brackets and backslashes" : message;
    }

    /** The names of all functions that this file can call without a prefix. */
    private Set<String> functions() {
        Set<String> names = new HashSet<>(BuiltinFunctions.functions.keySet());
        names.addAll(BuiltinFunctions.macros.keySet());
        MappingFunctions.all().stream().map(Function::getName).forEach(names::add);
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.get(i).is("def")) {
                names.add(tokens.get(i + 1).text());
            }
        }
        return names;
    }

    private static String unclosed(Token open, Token before) {
        return "a `" + closer(open) + "` is missing before " + before.quoted() + ": the `" + open.text() + "` of line " + open.line() + ", column "
                + open.column() + " is still open";
    }

    private static boolean opens(Token token) {
        return token.kind() == Kind.SIGN && OPENERS.contains(token.text());
    }

    private static boolean closes(Token token) {
        return token.kind() == Kind.SIGN && List.of("}", "]", ")").contains(token.text());
    }

    private static String closer(Token open) {
        return open.is("{") ? "}" : open.is("[") ? "]" : ")";
    }

    /** The brackets that are open before a token, the innermost first. */
    private Deque<Token> open(int place) {
        Deque<Token> open = new ArrayDeque<>();
        for (Token token : tokens.subList(0, place)) {
            if (opens(token)) {
                open.push(token);
            } else if (closes(token)) {
                open.poll();
            }
        }
        return open;
    }

    /** The first bracket whose line is indented otherwise than the line that begins with what seems to close it. */
    private Optional<Token> suspect() {
        Deque<Token> open = new ArrayDeque<>();
        for (Token token : tokens) {
            if (opens(token)) {
                open.push(token);
            } else if (closes(token)) {
                Token opened = open.poll();
                if (opened != null && token.first() && token.indent() < opened.indent()) {
                    return Optional.of(opened);
                }
            }
        }
        return Optional.empty();
    }
}
