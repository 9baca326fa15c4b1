package io.subscriptionrelay.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.Envelope;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Facts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.MappingFailedException;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The floor of row 4: a plain program with the relay's two hops, its mappings and its broker, written with JMS transactions of a
 * thousand and the JDK's HTTP client. It keeps beside each record the webhook, as the relay does, and does no more: no
 * repeats, no order, no outages, no parking, no traces.
 */
public final class DrainFloor {

    private static final int BATCH = 1000;
    private static final int IN_FLIGHT = 15;
    private static final long LINGER = 250;
    private static final String EVENTS = "events." + Samples.PROVIDER;
    private static final String RECORDS = "deliver.clevertap.production";

    private final ConnectionFactory factory;
    private final Mapper mapper;
    private final URI upload;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ReentrantLock turn = new ReentrantLock(true);
    /** Held while nothing is to be translated. */
    private final ReentrantLock gate = new ReentrantLock(true);

    private DrainFloor(ConnectionFactory factory, Mapper mapper, String url) {
        this.factory = factory;
        this.mapper = mapper;
        this.upload = URI.create(url + "/1/upload");
    }

    /** Arguments: data directory, URL of the destination. Says {@code ready}, translates between {@code go} and {@code pause}. */
    public static void main(String[] arguments) throws Exception {
        ConfigurableApplicationContext parts = Parts.broker(Path.of(arguments[0]));
        DrainFloor floor = new DrainFloor(parts.getBean(ConnectionFactory.class), parts.getBean(Mapper.class), arguments[1]);
        floor.gate.lock();
        floor.start();
        System.out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            if (command.equals("go")) {
                floor.gate.unlock();
            } else {
                floor.gate.lock();
            }
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private void start() {
        start(this::translate);
        for (int i = 0; i < IN_FLIGHT; i++) {
            start(this::deliver);
        }
    }

    private static void start(Work work) {
        new Thread(() -> {
            try {
                work.run();
            } catch (Exception e) {
                e.printStackTrace();
                System.exit(1);
            }
        }).start();
    }

    private void translate() throws JMSException, IOException, MappingFailedException {
        Session session = session();
        MessageProducer producer = session.createProducer(session.createQueue(RECORDS));
        MessageConsumer consumer = session.createConsumer(session.createQueue(EVENTS));
        ObjectMapper json = StrictJson.mapper();
        while (true) {
            gate.lock();
            gate.unlock();
            Message next = consumer.receive();
            int taken = 0;
            while (next != null) {
                byte[] raw = bytes(next);
                ObjectNode webhook = (ObjectNode) json.readTree(raw);
                Facts facts = mapper.facts(Samples.PROVIDER, webhook, raw);
                for (JsonNode record : mapper.apply(Samples.PROVIDER, "clevertap", Samples.STEP, facts, webhook)) {
                    BytesMessage message = session.createBytesMessage();
                    message.writeBytes(Envelope.join(json.writeValueAsBytes(record), raw));
                    producer.send(message);
                }
                taken++;
                next = taken < BATCH ? consumer.receiveNoWait() : null;
            }
            session.commit();
        }
    }

    private void deliver() throws JMSException, IOException, InterruptedException {
        Session session = session();
        Queue queue = session.createQueue(RECORDS);
        while (true) {
            List<byte[]> batch;
            turn.lock();
            try (MessageConsumer consumer = session.createConsumer(queue)) {
                batch = fill(consumer);
            } finally {
                turn.unlock();
            }
            HttpRequest call = HttpRequest.newBuilder(upload).header("Content-Type", "application/json; charset=utf-8")
                    .header("X-CleverTap-Account-Id", CleverTap.ACCOUNT).header("X-CleverTap-Passcode", CleverTap.PASSCODE)
                    .POST(BodyPublishers.ofByteArray(body(batch))).build();
            String answer = http.send(call, BodyHandlers.ofString()).body();
            if (StrictJson.mapper().readTree(answer).path("processed").asInt() != batch.size()) {
                throw new IOException("not all were taken: " + answer);
            }
            session.commit();
        }
    }

    private static List<byte[]> fill(MessageConsumer consumer) throws JMSException {
        List<byte[]> batch = new ArrayList<>(BATCH);
        Message next = consumer.receive();
        long deadline = System.nanoTime() + LINGER * 1_000_000;
        while (next != null) {
            batch.add(bytes(next));
            if (batch.size() == BATCH) {
                return batch;
            }
            next = consumer.receiveNoWait();
            if (next == null) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                next = left > 0 ? consumer.receive(left) : null;
            }
        }
        return batch;
    }

    private static byte[] body(List<byte[]> batch) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes("{\"d\":[".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < batch.size(); i++) {
            if (i > 0) {
                body.write(',');
            }
            byte[] envelope = batch.get(i);
            int length = 0;
            while (envelope[length] != '\n') {
                length++;
            }
            body.write(envelope, 0, length);
        }
        body.writeBytes("]}".getBytes(StandardCharsets.US_ASCII));
        return body.toByteArray();
    }

    private static byte[] bytes(Message message) throws JMSException {
        BytesMessage from = (BytesMessage) message;
        byte[] bytes = new byte[(int) from.getBodyLength()];
        from.readBytes(bytes);
        return bytes;
    }

    private Session session() throws JMSException {
        Connection connection = factory.createConnection();
        connection.start();
        return connection.createSession(true, Session.SESSION_TRANSACTED);
    }
}
