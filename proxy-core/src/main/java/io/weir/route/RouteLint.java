package io.weir.route;

import io.weir.http.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Looks for routes of a site that don't mean what they seem to mean, or that no request comes to. */
final class RouteLint {
    /** Regular expressions that are found in every path; with an end right behind the slash it is the root alone. */
    private static final Pattern EVERYTHING = Pattern.compile("\\^?/?(\\.\\*\\$?)?|\\$");

    /** An escape of a byte: paths are decoded before. */
    private static final Pattern ESCAPED = Pattern.compile("%[0-9A-Fa-f]{2}");

    private final Site site;
    private final List<Finding> findings = new ArrayList<>();

    private RouteLint(Site site) {
        this.site = site;
    }

    static List<Finding> of(Site site) {
        RouteLint lint = new RouteLint(site);
        for (Route route : site.routes()) {
            lint.checkSlashes(route);
            lint.checkRegex(route);
            lint.checkConditions(route);
        }
        lint.checkShadows();
        return lint.findings;
    }

    /** The best known mistake with nginx's proxy_pass: what follows the prefix is joined without a look at slashes. */
    private void checkSlashes(Route route) {
        if (route.match().kind() != RouteMatch.Kind.PREFIX
                || !(route.action() instanceof RouteAction.Proxy proxy)
                || !(proxy.rewrite() instanceof PathRewrite.ReplacePrefix replace)) {
            return;
        }
        String prefix = route.match().path();
        String replacement = replace.replacement();
        boolean ends = prefix.endsWith("/");
        if (ends == replacement.endsWith("/")) {
            return;
        }
        String example = prefix + (ends ? "x" : "/x");
        String becomes = replacement + (ends ? "x" : "/x");
        String cure = "write prefix(\"" + prefix + "/\")";
        if (ends && proxy.pool().path() == null) {
            cure = "write replacePrefix(\"" + replacement + "/\")";
        } else if (ends) { // a rewrite beside that path would be refused
            cure = "end the upstream URLs in \"" + replacement + "/\"";
        }
        found(
                "slash-mismatch",
                route,
                "\"" + prefix + "\" is replaced by \"" + replacement + "\", so " + example + " becomes " + becomes,
                cure);
    }

    private void checkRegex(Route route) {
        if (route.match().kind() != RouteMatch.Kind.REGEX) {
            return;
        }
        String regex = route.match().path();
        boolean anchored = regex.startsWith("^") && regex.length() > 1 && !regex.contains("|");
        String head = literalHead(regex);
        if (anchored && !head.isEmpty() && !head.startsWith("/")) {
            found(
                    "regex-never-matches",
                    route,
                    "every path starts with \"/\", none with \"" + head + "\"",
                    "write regex(\"^/" + regex.substring(1) + "\")");
        } else if (ESCAPED.matcher(regex).find()) {
            found(
                    "regex-never-matches",
                    route,
                    "it looks for a percent-escape, but paths are decoded before they are compared",
                    "write the character itself");
        } else if (head.contains("//") || regex.contains("\\?")) {
            found(
                    "regex-never-matches",
                    route,
                    regex.contains("\\?") ? "a path holds no query" : "runs of slashes are merged before",
                    regex.contains("\\?") ? "use the condition query(name, value)" : "write one slash");
        }
    }

    private void checkConditions(Route route) {
        List<Condition.Method> methods = route.match().conditions().stream()
                .filter(Condition.Method.class::isInstance)
                .map(Condition.Method.class::cast)
                .toList();
        for (int i = 1; i < methods.size(); i++) {
            if (methods.get(i).methods().stream().noneMatch(methods.get(0).methods()::contains)) {
                found(
                        "conditions-never-hold",
                        route,
                        "no request has the " + methods.get(0) + " and the " + methods.get(i),
                        "name all of them in one method(..)");
            }
        }
    }

    private void checkShadows() {
        List<Route> regexes = site.routes().stream()
                .filter(route -> route.match().kind() == RouteMatch.Kind.REGEX)
                .toList();
        for (int i = 0; i < regexes.size(); i++) {
            Route everything = regexes.get(i);
            if (!everything.match().conditions().isEmpty()
                    || !EVERYTHING.matcher(everything.match().path()).matches()) {
                continue;
            }
            regexes.subList(i + 1, regexes.size()).forEach(later -> shadowed(later, everything));
            site.routes().stream()
                    .filter(route -> route.match().kind() == RouteMatch.Kind.PREFIX)
                    .filter(route -> !route.match().overRegex())
                    .forEach(prefix -> shadowed(prefix, everything));
            return;
        }
        regexes.forEach(this::checkPrefixesOver);
    }

    /** A regular expression for paths below a prefix that goes before regular expressions is not looked at there. */
    private void checkPrefixesOver(Route regex) {
        String head =
                regex.match().path().startsWith("^") ? literalHead(regex.match().path()) : "";
        Route longest = null;
        for (Route route : site.routes()) {
            RouteMatch match = route.match();
            if (match.kind() != RouteMatch.Kind.PREFIX || !match.conditions().isEmpty()) {
                continue;
            }
            if (match.path().startsWith(head)
                    && !match.overRegex()
                    && match.path().length() > head.length()) {
                return; // below it the expression may have its turn
            }
            boolean longer =
                    longest == null || match.pathLength() > longest.match().pathLength();
            longest = head.startsWith(match.path()) && longer ? route : longest;
        }
        if (longest != null && longest.match().overRegex() && !head.isEmpty()) {
            shadowed(regex, longest);
        }
    }

    private void shadowed(Route route, Route by) {
        found(
                "shadowed-route",
                route,
                "\"" + by + "\" takes every request that it could serve",
                "put it first, narrow the other one, or drop it");
    }

    /** What every path must begin with that an anchored expression is found in. */
    private static String literalHead(String regex) {
        if (regex.contains("|")) {
            return "";
        }
        int from = regex.startsWith("^") ? 1 : 0;
        int to = from;
        while (to < regex.length() && "\\.[](){}*+?^$".indexOf(regex.charAt(to)) < 0) {
            to++;
        }
        boolean repeated = to < regex.length() && "*?{".indexOf(regex.charAt(to)) >= 0;
        return regex.substring(from, repeated && to > from ? to - 1 : to);
    }

    private void found(String rule, Route route, String cause, String cure) {
        findings.add(new Finding(rule, site + ", route \"" + route + "\"", cause, cure));
    }
}
