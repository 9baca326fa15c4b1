package io.subscriptionrelay.simulator;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a OneSignal call goes. {@code app} is null where the path does not name it, {@code label} and {@code id} where
 * the call is not about one user.
 */
record OneSignalRoute(Endpoint endpoint, String app, String label, String id) {

    /** The label under which the player ids of SDK 4 and older are kept: they are today's subscription ids. */
    static final String SUBSCRIPTION_ID = "subscription_id";
    static final String EXTERNAL_ID = "external_id";
    static final String ONESIGNAL_ID = "onesignal_id";

    enum Endpoint {
        UPDATE_USER, VIEW_USER, DELETE_USER, CREATE_USER, CUSTOM_EVENTS, LEGACY_USER, LEGACY_PLAYER, UNKNOWN;

        boolean legacy() {
            return this == LEGACY_USER || this == LEGACY_PLAYER;
        }

        boolean writesUser() {
            return this != VIEW_USER && this != CUSTOM_EVENTS && this != UNKNOWN;
        }
    }

    static OneSignalRoute of(String method, String rawPath) {
        List<String> path = segments(rawPath);
        int size = path.size();
        if (size >= 3 && path.get(0).equals("apps")) {
            String app = path.get(1);
            String rest = String.join("/", path.subList(2, Math.min(size, 4)));
            if (size == 6 && rest.equals("users/by")) {
                return new OneSignalRoute(userEndpoint(method), app, path.get(4), path.get(5));
            }
            if (size == 3 && method.equals("POST") && rest.equals("users")) {
                return new OneSignalRoute(Endpoint.CREATE_USER, app, null, null);
            }
            if (size == 3 && method.equals("POST") && rest.equals("custom_events")) {
                return new OneSignalRoute(Endpoint.CUSTOM_EVENTS, app, null, null);
            }
        }
        if (method.equals("PUT") && size >= 4 && path.get(0).equals("api") && path.get(1).equals("v1")) {
            if (size == 6 && path.get(2).equals("apps") && path.get(4).equals("users")) {
                return new OneSignalRoute(Endpoint.LEGACY_USER, path.get(3), EXTERNAL_ID, path.get(5));
            }
            if (size == 4 && path.get(2).equals("players")) {
                return new OneSignalRoute(Endpoint.LEGACY_PLAYER, null, SUBSCRIPTION_ID, path.get(3));
            }
        }
        return new OneSignalRoute(Endpoint.UNKNOWN, null, null, null);
    }

    private static Endpoint userEndpoint(String method) {
        return switch (method) {
            case "PATCH" -> Endpoint.UPDATE_USER;
            case "GET" -> Endpoint.VIEW_USER;
            case "DELETE" -> Endpoint.DELETE_USER;
            default -> Endpoint.UNKNOWN;
        };
    }

    /** Each segment is decoded by itself, so that an id may hold an encoded slash; a plus sign stays one. */
    private static List<String> segments(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String segment : rawPath.substring(1).split("/", -1)) {
            segments.add(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
        return segments;
    }
}
